// The engine's calls: what the giver did in, JSON out, or an Error whose message may be shown.

const root = document.querySelector('meta[name="giftwise-root"]').content;

// Addresses begin with the origin: a browser refuses relative ones where the page's own holds a name and password.
async function call(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(location.origin + root + path, { credentials: "same-origin", ...options });
  const value = await answer.json().catch(() => null);
  if (!answer.ok) {
    const error = new Error(value?.detail ?? value?.title ?? String(answer.status));
    error.status = answer.status;
    throw error;
  }
  return value;
}

export const begin = (quiz, user) =>
  call("/recommendations/init" + (user ? `?user_id=${encodeURIComponent(user)}` : ""), quiz);

export const read = (id) => call(`/recommendations/${encodeURIComponent(id)}`);

export const step = (id, action, value = null, metadata = {}) =>
  call("/recommendations/interact", { session_id: id, action, value, metadata });

export const products = (hypothesis) => call(`/recommendations/hypothesis/${encodeURIComponent(hypothesis)}/products`);

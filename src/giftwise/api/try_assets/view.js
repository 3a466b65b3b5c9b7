// How things look: sessions, ideas and gifts in, elements out. Texts are always set as text, never as HTML.

export function el(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "on") for (const [event, heard] of Object.entries(value)) made.addEventListener(event, heard);
    else if (name === "class") made.className = value;
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

const button = (label, key, act, more = {}) =>
  el("button", { type: "button", "data-key": key, on: { click: act }, ...more }, label);

export function price(gift, words) {
  if (gift.price === null) return words.noPrice;
  const language = document.documentElement.lang;
  try {
    return new Intl.NumberFormat(language, { style: "currency", currency: gift.currency, maximumFractionDigits: 0 }).format(gift.price);
  } catch {
    return `${Math.round(gift.price)} ${gift.currency}`;
  }
}

// A picture over a tile with the first letter, in a colour of its own, which stays where there is none to load.
function picture(gift) {
  const hue = [...gift.title].reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 360, 7);
  const tile = el("div", { class: "picture", "aria-hidden": "true" }, [...gift.title][0]?.toUpperCase() ?? "?");
  tile.style.setProperty("--hue", hue);
  if (/^https?:/.test(gift.image_url ?? "")) {
    const image = el("img", { alt: "", loading: "lazy", referrerpolicy: "no-referrer" });
    image.addEventListener("error", () => image.remove());
    image.addEventListener("load", () => image.classList.add("loaded"));
    image.src = gift.image_url;
    tile.append(image);
  }
  return tile;
}

export function giftCard(gift, words, acts, place, kept) {
  const facts = [gift.merchant, gift.delivery_days !== null ? `${gift.delivery_days} ${words.days}` : null,
    gift.is_customizable ? words.custom : null, gift.budget_relaxed ? words.relaxed : null].filter(Boolean).join(" · ");
  const shop = /^https?:/.test(gift.product_url ?? "")
    ? el("a", { href: gift.product_url, target: "_blank", rel: "noopener noreferrer", "data-key": `${place}-open-${gift.id}`, on: { click: () => acts.view(gift) } }, words.open)
    : null;
  return el("article", { class: "gift" },
    picture(gift),
    el("h4", { title: gift.title }, gift.title),
    el("p", { class: "price" }, price(gift, words)),
    facts ? el("p", { class: "facts" }, facts) : null,
    el("div", { class: "acts" },
      button(kept ? words.kept : words.keep, `${place}-keep-${gift.id}`, () => acts.keep(gift), { "aria-pressed": String(kept), "aria-label": `${kept ? words.kept : words.keep}: ${gift.title}` }),
      acts.refuse ? refusal(gift, words, acts, place) : null,
      acts.bought ? button(words.bought, `${place}-bought-${gift.id}`, () => acts.bought(gift), { class: "quiet" }) : null,
      shop));
}

function refusal(gift, words, acts, place) {
  const reasons = [["too_expensive", words.tooExpensive], ["has_it", words.hasIt], ["not_their_taste", words.notTheirs]];
  return el("details", { class: "refusal" },
    el("summary", { "data-key": `${place}-refuse-${gift.id}`, "aria-label": `${words.remove}: ${gift.title}` }, words.remove),
    el("p", {}, words.why),
    ...reasons.map(([value, label]) => button(label, `${place}-${value}-${gift.id}`, () => acts.refuse(gift, value))));
}

export function questionBox(question, key, words, answer) {
  const input = el("input", { "aria-label": words.answer, placeholder: words.answer, maxlength: "300", "data-key": `${key}-text` });
  const form = el("form", { class: "answer" }, input, el("button", { "data-key": `${key}-send` }, words.send));
  form.addEventListener("submit", (event) => { event.preventDefault(); if (input.value.trim()) answer(input.value.trim()); });
  return el("section", { class: "question", "aria-label": words.question },
    el("h3", {}, question.question),
    el("div", { class: "options" },
      ...question.options.map((option, at) => button(option, `${key}-${at}`, () => answer(option))),
      question.can_skip ? button(words.skipQuestion, `${key}-skip`, () => answer(null), { class: "quiet" }) : null),
    form);
}

export function ideaCard(idea, state, words, acts) {
  if (state.disliked)
    return el("article", { class: "idea dismissed" },
      el("h3", {}, idea.title), el("p", {}, words.dismissed),
      button(words.undo, `undo-${idea.id}`, () => acts.undislike(idea), { class: "quiet", "aria-label": `${words.undo}: ${idea.title}` }));
  const label = (word) => `${word}: ${idea.title}`;
  return el("article", { class: state.liked ? "idea liked" : "idea" },
    el("p", { class: "gap" }, words.gaps[idea.primary_gap] ?? ""),
    el("h3", {}, idea.title),
    el("p", {}, idea.description),
    el("p", { class: "reasoning" }, idea.reasoning),
    el("div", { class: "gifts row", tabindex: "0", role: "group", "aria-label": idea.title },
      ...idea.preview_products.slice(0, 6).map((gift) => giftCard(gift, words, acts.gift, idea.id, state.kept.has(String(gift.id))))),
    el("div", { class: "acts" },
      button(words.like, `like-${idea.id}`, () => acts.like(idea, state.liked), { "aria-pressed": String(state.liked), "aria-label": label(words.like) }),
      button(words.dislike, `dislike-${idea.id}`, () => acts.dislike(idea), { "aria-label": label(words.dislike) }),
      button(words.all, `all-${idea.id}`, () => acts.open(idea), { class: "quiet", "aria-label": label(words.all) })));
}

export function shortlistBox(session, words) {
  const gifts = session.shortlist;
  const sum = gifts.reduce((total, gift) => total + (gift.price ?? 0), 0);
  return el("aside", { class: "shortlist", "aria-label": words.shortlist },
    el("h2", {}, `${words.shortlist} (${gifts.length})`),
    gifts.length === 0 ? el("p", {}, words.emptyShortlist)
      : el("ul", {}, ...gifts.map((gift) => el("li", {},
        picture(gift), el("span", {}, gift.title), el("b", {}, price(gift, words))))),
    gifts.length > 1 ? el("p", { class: "price" }, `${words.total}: ${price({ price: sum, currency: gifts[0].currency }, words)}`) : null);
}

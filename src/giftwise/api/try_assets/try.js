// The page: a quiz, then a session that is drawn anew after every step, with the focus where it was.

import { begin, products, read, step } from "./calls.js";
import { el, giftCard, ideaCard, questionBox, shortlistBox } from "./view.js";
import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const quiz = $("quiz"), place = $("session"), gifts = $("gifts");
const user = new URLSearchParams(location.search).get("user_id");
let language = new URLSearchParams(location.search).get("language") ?? localStorage.getItem("giftwise-language") ?? (navigator.language.startsWith("ru") ? "ru" : "en");
if (!(language in WORDS)) language = "en";
let session = null, busy = false, opened = null;

function dress() {
  const words = WORDS[language];
  document.documentElement.lang = language;
  for (const one of document.querySelectorAll("[data-text]")) one.textContent = words[one.dataset.text];
  for (const one of document.querySelectorAll("[data-hint]")) one.placeholder = words[one.dataset.hint];
  for (const one of document.querySelectorAll("[data-options]")) {
    const chosen = one.value;
    one.replaceChildren(...words.options[one.dataset.options].map(([value, label]) => el("option", { value }, label)));
    if ([...one.options].some((option) => option.value === chosen)) one.value = chosen;
  }
  for (const one of document.querySelectorAll("[data-language]")) one.setAttribute("aria-pressed", String(one.dataset.language === language));
}

async function run(work, done) {
  if (busy) return;
  const words = WORDS[language];
  busy = true;
  document.body.classList.add("busy");
  $("status").textContent = words.thinking;
  $("fault").textContent = "";
  try {
    const value = await work();
    $("status").textContent = done?.(value) ?? words.ready;
  } catch (error) {
    $("status").textContent = "";
    $("fault").textContent = `${words.fault}: ${error.message}`;
  } finally {
    busy = false;
    document.body.classList.remove("busy");
  }
}

const act = (action, value, metadata, done) =>
  run(() => step(session.session_id, action, value, metadata), (after) => { show(after); return done?.(after); });

const kept = () => new Set(session.shortlisted_products.map(String));
const metadata = (gift, more = {}) => ({ target_type: "product", product_id: gift.id, ...(opened ? { hypothesis_id: opened.id } : {}), ...more });

const giftActs = (list) => ({
  keep: (gift) => act("select_gift", String(gift.id), metadata(gift)),
  view: (gift) => step(session.session_id, "view", String(gift.id), metadata(gift)).catch(() => null),
  refuse: list && ((gift, reason) => act("dislike", String(gift.id), metadata(gift, { reason }), () => forget(gift))),
  bought: list && ((gift) => act("purchase", String(gift.id), metadata(gift), () => { forget(gift); return WORDS[language].boughtDone; })),
});

const ideaActs = {
  gift: giftActs(false),
  like: (idea, liked) => act(liked ? "unlike_hypothesis" : "like_hypothesis", idea.id),
  dislike: (idea) => act("dislike_hypothesis", idea.id),
  undislike: (idea) => act("undislike_hypothesis", idea.id),
  open: (idea) => openGifts(idea),
};

function forget(gift) {
  if (!opened) return;
  opened.products = opened.products.filter((one) => one.id !== gift.id);
  fill();
}

function fill() {
  const words = WORDS[language], mine = kept();
  $("gifts-title").textContent = opened.title;
  $("gifts-why").textContent = opened.reasoning;
  $("gifts-list").replaceChildren(...(opened.products.length === 0 ? [words.noGifts]
    : opened.products.map((gift) => giftCard(gift, words, giftActs(true), "deep", mine.has(String(gift.id))))));
}

const openGifts = (idea) => run(() => products(idea.id), (found) => {
  opened = { ...idea, products: found };
  fill();
  gifts.showModal();
  $("gifts-title").focus();
});

function draw() {
  const words = WORDS[language], mine = kept();
  const answered = (topic) => (text) => act(topic ? "select_branch" : "answer_probe", text, topic ? { topic_id: topic } : {});
  const tracks = session.tracks.map((track) => el("section", { class: "track", "aria-label": track.topic_name },
    el("h2", {}, track.title),
    track.question ? questionBox(track.question, `q-${track.topic_id}`, words, answered(track.topic_id)) : null,
    track.status === "error" ? el("p", {}, track.preview_text) : null,
    el("div", { class: "ideas" }, ...track.hypotheses.map((idea) => ideaCard(idea, {
      liked: session.liked_hypotheses.includes(idea.id), disliked: session.disliked_hypotheses.includes(idea.id), kept: mine,
    }, words, ideaActs))),
    track.status === "ready" ? el("button", { type: "button", class: "more", "data-key": `more-${track.topic_id}`, on: { click: () => more(track) } }, words.more) : null));
  const hints = el("section", { class: "hints" },
    session.topic_hints.length ? el("h2", {}, words.hints) : null,
    ...session.topic_hints.map((hint) => el("button", { type: "button", class: "hint", "data-key": `hint-${hint.id}`, on: { click: () => act("select_track", hint.id) } },
      el("b", {}, hint.question), el("span", {}, hint.reasoning))),
    el("button", { type: "button", class: "quiet", "data-key": "suggest", on: { click: () => act("suggest_topics") } }, words.suggest));
  place.replaceChildren(
    el("div", { class: "flow" },
      session.recipient.name ? el("h1", {}, `${words.forName}: ${session.recipient.name}`) : el("h1", {}, words.ideas),
      session.current_probe ? questionBox(session.current_probe, "probe", words, answered(null)) : null,
      ...tracks, hints),
    shortlistBox(session, words));
}

function more(track) {
  const before = track.hypotheses.length;
  return act("load_more_hypotheses", track.topic_id, {}, (after) => {
    const now = after.tracks.find((one) => one.topic_id === track.topic_id);
    return now && now.hypotheses.length > before ? undefined : WORDS[language].noMore;
  });
}

function show(after) {
  const key = document.activeElement?.dataset?.key;
  session = after;
  language = after.language;
  dress();
  draw();
  quiz.hidden = true;
  place.hidden = $("again").hidden = false;
  if (gifts.open) fill();
  if (location.hash.slice(1) !== session.session_id) history.replaceState(null, "", `#${session.session_id}`);
  const last = key && document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (last) last.focus({ preventScroll: true });
  else if (!gifts.open) $("main").focus({ preventScroll: true });
}

function asked() {
  const given = Object.fromEntries([...new FormData(quiz)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value !== ""));
  for (const name of ["recipient_age", "budget", "deadline_days"]) if (name in given) given[name] = Number(given[name]);
  for (const name of ["interests", "dislikes"]) if (name in given) given[name] = given[name].split(",").map((word) => word.trim()).filter(Boolean);
  return { ...given, language };
}

quiz.addEventListener("submit", (event) => {
  event.preventDefault();
  const given = asked();
  if (!Number.isInteger(given.recipient_age) || given.recipient_age < 0 || given.recipient_age > 150) {
    $("fault").textContent = WORDS[language].needAge;
    quiz.elements.recipient_age.focus();
    return;
  }
  run(() => begin(given, user), (made) => { show(made); scrollTo(0, 0); });
});

$("again").addEventListener("click", () => {
  session = null;
  history.replaceState(null, "", location.pathname + location.search);
  place.hidden = $("again").hidden = true;
  quiz.hidden = false;
  $("fault").textContent = $("status").textContent = "";
  quiz.elements.interests.focus();
});
$("close").addEventListener("click", () => gifts.close());
gifts.addEventListener("close", () => {
  const idea = opened;
  opened = null;
  if (idea) document.querySelector(`[data-key="all-${CSS.escape(idea.id)}"]`)?.focus();
});
for (const one of document.querySelectorAll("[data-language]"))
  one.addEventListener("click", () => {
    language = one.dataset.language;
    localStorage.setItem("giftwise-language", language);
    dress();
    if (session) draw();
  });

dress();
if (location.hash.length > 1) run(() => read(location.hash.slice(1)), show);

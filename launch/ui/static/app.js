// The page: which part of it is shown, and when it is drawn again.
import {html, nothing, render} from "./vendor/lit-html.js";
import {activityPage} from "./activity.js";
import {bundlePage, refreshBundle} from "./bundle.js";
import {endpointsPage} from "./endpoints.js";
import {refreshFamily} from "./family.js";
import {follow} from "./feed.js";
import {bundlesPage} from "./list.js";
import {BUNDLES, ENDPOINTS, apply, state} from "./state.js";
import {takeToken} from "./token.js";

const CLOCK_MS = 5000;  // ages grow
const NAMES = {[BUNDLES]: "Bundles", [ENDPOINTS]: "Endpoints"};
const PAGES = {bundles: ["Bundles", bundlesPage], endpoints: ["Endpoints", endpointsPage], activity: ["Activity", activityPage]};
const main = document.getElementById("main");
let waiting = false, title = "";

function place() {
  let parts = [];
  try {
    parts = location.hash.replace(/^#\/?/, "").split("/").map(part => decodeURIComponent(part));
  } catch {}  // what is not an encoded text is not a place either
  const [page, ...names] = parts;
  return page === "bundle" && names.length === 2 ? {page, names} : {page: Object.hasOwn(PAGES, page) ? page : "bundles", names: []};
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

function draw() {
  const {page, names} = place();
  if (page === "bundle") {
    refreshBundle(...names, redraw);
    refreshFamily(...names, redraw);
  }
  render(page === "bundle" ? bundlePage(...names, redraw) : PAGES[page][1](redraw), main);
  render(notices(), document.getElementById("notices"));
  document.getElementById("place").textContent =
    state.info.where ? `${state.info.where}, ${state.info.namespace ? `namespace ${state.info.namespace}` : "all namespaces"}` : "";
  for (const link of document.querySelectorAll("nav a[data-page]")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const wanted = `${names[1] || PAGES[page][0]} – Model bundles`;
  if (title !== wanted) document.title = title = wanted;
}

function notices() {
  const {state: connection, message} = state.connection;
  const away = Object.entries(state.states).filter(([, found]) => found.state === "away" || found.state === "resync");
  return html`
    ${connection === "lost" || connection === "refused" ? html`<p class="error">${message}</p>` : nothing}
    ${connection === "live" ? away.map(([plural, found]) => html`<p class="error">${NAMES[plural]} are not up to date, next
      attempt in ${found.retrySeconds} s: ${found.message}</p>`) : nothing}
    ${state.info.narrowed ? html`<p>Only namespace ${state.info.namespace} is shown: ${state.info.narrowed}</p>` : nothing}`;
}

takeToken();
main.replaceChildren();
document.querySelector(".skip").addEventListener("click", event => {  // the fragment is the place
  event.preventDefault();
  main.focus();
});
window.addEventListener("hashchange", () => {
  takeToken();
  render(nothing, main);  // what was typed or opened is another page's
  draw();
  window.scrollTo(0, 0);
  main.querySelector("h1")?.focus();  // what a screen reader goes on from
});
follow(change => { apply(change); redraw(); }, (connection, message) => {
  if (state.connection.state === connection && state.connection.message === message) return;
  state.connection = {state: connection, message};
  redraw();
});
setInterval(redraw, CLOCK_MS);
draw();

// The bundles as a table: filtered, sorted, a hundred at a time.
import {html, nothing} from "./vendor/lit-html.js";
import {repeat} from "./vendor/directives/repeat.js";
import {BUNDLES, keyOf, state} from "./state.js";
import {bundleLink, health, several, since} from "./words.js";

const PAGE = 100;
const ORDER = ["Stalled", "Failing", "Starting", "Updating", "Deleting", "Unknown", "Ready", "Stored"];
const COLUMNS = [
  ["name", "Name", row => row.name],
  ["namespace", "Namespace", row => row.namespace],
  ["health", "Health", row => ORDER.indexOf(row.health)],
  ["reason", "Reason", row => row.reason],
  ["message", "Message", null],
  ["replicas", "Replicas", row => row.readyReplicas],
  ["image", "Image", row => row.image],
  ["createdAt", "Age", row => row.createdAt],
];
const view = {text: "", health: "", sort: "createdAt", down: true, page: 0};

export function bundlesPage(redraw) {
  const all = [...state.rows[BUNDLES].values()];
  const found = sorted(all.filter(fits));
  const pages = Math.max(1, Math.ceil(found.length / PAGE));
  view.page = Math.min(view.page, pages - 1);
  const first = view.page * PAGE, shown = found.slice(first, first + PAGE);
  const set = change => { Object.assign(view, {page: 0}, change); redraw(); };
  return html`
    <h1 tabindex="-1">Bundles</h1>
    <form class="filter" role="search" @submit=${event => event.preventDefault()}>
      <label>Name, namespace, reason or image
        <input type="search" .value=${view.text} @input=${event => set({text: event.target.value})}></label>
      <label>Health
        <select @change=${event => set({health: event.target.value})}>
          <option value="">any</option>
          ${ORDER.map(word => html`<option ?selected=${word === view.health}>${word}</option>`)}
        </select></label>
      <p class="quiet" role="status">${count(found.length, all.length)}</p>
    </form>
    <div class="wide" role="region" aria-label="Table of bundles" tabindex="0">
    <table>
      <caption>${shown.length ? `${first + 1} to ${first + shown.length} of ${found.length}` : "None"}</caption>
      <thead><tr>${COLUMNS.map(column => head(column, set))}</tr></thead>
      <tbody>${repeat(shown, row => keyOf(row.namespace, row.name), line)}</tbody>
    </table></div>
    ${pages > 1 ? html`<nav aria-label="Pages of the table" class="row">
      <button ?disabled=${!view.page} @click=${() => set({page: view.page - 1})}>Previous</button>
      <span>page ${view.page + 1} of ${pages}</span>
      <button ?disabled=${view.page >= pages - 1} @click=${() => set({page: view.page + 1})}>Next</button>
    </nav>` : nothing}`;
}

function fits(row) {
  if (view.health && row.health !== view.health) return false;
  const text = view.text.trim().toLowerCase();
  return !text || [row.name, row.shown, row.namespace, row.reason, row.image].some(part => part.toLowerCase().includes(text));
}

function sorted(rows) {
  const of = COLUMNS.find(([id]) => id === view.sort)[2], sign = view.down ? -1 : 1;
  const compare = (one, other) => one < other ? -1 : one > other ? 1 : 0;
  return rows.sort((one, other) => sign * compare(of(one), of(other)) ||
    compare(keyOf(one.namespace, one.name), keyOf(other.namespace, other.name)));
}

function count(found, all) {
  if (!state.whole) return "reading ...";
  const more = (state.states[BUNDLES] || {}).complete === false ? " that are shown; the cluster has more, -n shows one namespace" : "";
  return `${found === all ? "" : `${found} of `}${several(all, "bundle")}${more}`;
}

function head([id, title, of], set) {
  if (!of) return html`<th scope="col">${title}</th>`;
  const down = view.sort === id ? !view.down : id === "createdAt";
  const sort = view.sort === id ? (view.down ? "descending" : "ascending") : "none";
  return html`<th scope="col" aria-sort=${sort}><button type="button" @click=${() => set({sort: id, down})}>${title}${
    view.sort === id ? html`<span aria-hidden="true"> ${view.down ? "▾" : "▴"}</span>` : nothing}</button></th>`;
}

const line = row => html`<tr>
  <th scope="row" class="text">${bundleLink(row.namespace, row.name)}${
    row.shown !== row.name ? html`<br><span class="quiet">${row.shown}</span>` : nothing}</th>
  <td class="text">${row.namespace}</td>
  <td>${health(row.health)}</td>
  <td class="text reason">${row.reason}</td>
  <td class="message"><span class="clamp">${row.message}</span></td>
  <td class="number">${row.readyReplicas} of ${row.replicas}</td>
  <td class="text image">${row.image}</td>
  <td class="age">${since(row.createdAt)}</td></tr>`;

// What --allow-write adds to the page: to scale a bundle, to move an endpoint. Each is confirmed, and said when done.
import {html, nothing} from "./vendor/lit-html.js";
import {BUNDLES, state} from "./state.js";
import {ask} from "./token.js";
import {failure} from "./words.js";

const said = new Map();  // by object: how its last write ended

function write(key, question, name, body, redraw) {
  if (!confirm(question)) return;
  said.set(key, {busy: true});
  redraw();
  ask(name, {}, body).then(
    () => said.set(key, {done: "Asked for."}), error => said.set(key, {error: error.message}),
  ).finally(redraw);
}

const outcome = ({done, error} = {}) => html`<span role="status">${done || nothing}</span>${failure(error)}`;

export function scalePart(row, redraw) {
  if (!state.info.write) return nothing;
  const key = `bundle ${row.namespace}/${row.name}`;
  const submit = event => {
    event.preventDefault();
    const replicas = event.target.elements.replicas.valueAsNumber;
    write(key, `Scale ${row.name} from ${row.replicas} to ${replicas} replicas?`, "scale",
      {namespace: row.namespace, name: row.name, replicas}, redraw);
  };
  return html`<form class="row" @submit=${submit}><label>Replicas
    <input name="replicas" type="number" min="0" max="10000" required .value=${String(row.replicas)}></label>
    <button>Scale</button>${outcome(said.get(key))}</form>`;
}

export function movePart(row, redraw) {
  if (!state.info.write) return nothing;
  const key = `endpoint ${row.namespace}/${row.name}`;
  const names = [...state.rows[BUNDLES].values()].filter(other => other.namespace === row.namespace && other.name !== row.bundle)
    .map(other => other.name).sort();
  const submit = event => {
    event.preventDefault();
    const bundle = event.target.elements.bundle.value;
    write(key, `Move ${row.name} from ${row.bundle} to ${bundle}?`, "move",
      {namespace: row.namespace, name: row.name, bundle}, redraw);
  };
  return html`<form class="row" @submit=${submit}><label>Move ${row.name} to
    <select name="bundle" required><option></option>${names.map(name => html`<option>${name}</option>`)}</select></label>
    <button>Move</button>${outcome(said.get(key))}</form>`;
}

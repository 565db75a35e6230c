// A form to try a bundle with, by its request schema; the request is sent as a text, so that no number is rounded.
import {html, nothing} from "./vendor/lit-html.js";
import {ask} from "./token.js";
import {failure} from "./words.js";

let shown = {key: ""};

export function tryPart(row, redraw) {
  const key = `${row.namespace}/${row.name}`;
  if (shown.key !== key) shown = {key, form: null, error: "", answer: null};
  const mine = shown;
  const read = event => {
    if (!event.target.open || mine.form) return;
    ask("form", {namespace: row.namespace, name: row.name}).then(
      form => { mine.form = form; }, error => { mine.error = error.message; }).finally(redraw);
  };
  return html`<details @toggle=${read}><summary>Send a request</summary>
    ${mine.form ? html`<form @submit=${event => send(event, row, mine, redraw)}>
      ${mine.form.fields.length ? mine.form.fields.map(field) : html`<label>Request, in JSON
        <textarea name="request" rows="8" cols="70" spellcheck="false" .value=${mine.form.text}></textarea></label>`}
      <p><button ?disabled=${mine.busy}>Predict</button></p></form>` : mine.error ? nothing : html`<p>reading ...</p>`}
    <div aria-live="polite">${failure(mine.error)}${mine.answer ? answer(mine.answer) : nothing}</div></details>`;
}

function field({name, kind, required, title, description, choices, text}) {
  const label = html`${name}${required ? nothing : html` <span class="quiet">(may be left out)</span>`}${
    title && title.toLowerCase() !== name.toLowerCase() ? html` <span class="quiet">${title}</span>` : nothing}`;
  const options = kind === "boolean" ? ["true", "false"] : choices;
  const input = options.length
    ? html`<select name=${name}>${required ? nothing : html`<option value="">left out</option>`}
        ${options.map(choice => html`<option ?selected=${choice === text}>${choice}</option>`)}</select>`
    : kind === "json" ? html`<textarea name=${name} rows="4" cols="60" spellcheck="false" .value=${text}></textarea>`
    : kind === "string" ? html`<input name=${name} size="50" .value=${unquoted(text)}>`
    : html`<input name=${name} inputmode="decimal" .value=${text}>`;
  return html`<p><label>${label} <span class="quiet">${description}</span>${input}</label></p>`;
}

const unquoted = text => text.startsWith('"') ? JSON.parse(text) : text;

// the request as JSON; what is left empty and may be left out is
export function requestOf(fields, values) {
  const parts = [];
  for (const {name, kind, required} of fields) {
    const value = values[name] ?? "";
    if (value === "" && !required) continue;
    const written = kind === "string" ? JSON.stringify(value) : value.trim();
    try {
      JSON.parse(written);
    } catch {
      throw new Error(kind === "json" ? `${name} is not valid JSON` : `${name} must be ${kind === "integer" ? "an" : "a"} ${kind}, it is ${JSON.stringify(value)}`);
    }
    parts.push(`${JSON.stringify(name)}: ${written}`);
  }
  return `{${parts.join(", ")}}`;
}

function send(event, row, mine, redraw) {
  event.preventDefault();
  const values = Object.fromEntries(new FormData(event.target));
  let request;
  try {
    request = mine.form.fields.length ? requestOf(mine.form.fields, values) : values.request;
  } catch (error) {
    mine.error = error.message;
    redraw();
    return;
  }
  Object.assign(mine, {busy: true, error: "", answer: null});
  redraw();
  ask("predict", {}, {namespace: row.namespace, service: row.name, request}).then(
    found => { mine.answer = {...found, request}; }, error => { mine.error = error.message; },
  ).finally(() => { mine.busy = false; redraw(); });
}

const answer = ({status, seconds, digest, text, cut, request}) => html`
  <p>${status < 400 ? "Answered" : "Refused"} with ${status} in ${seconds} s${digest ? html` by <code>${digest}</code>` : nothing}.</p>
  <pre tabindex="0">${text}</pre>${cut ? html`<p class="quiet">Cut at 1 MiB.</p>` : nothing}
  <p class="quiet">It was sent: <code>${request.length > 2000 ? request.slice(0, 2000) + " ..." : request}</code></p>`;

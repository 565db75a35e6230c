// What the page knows: rows by kind, what happened, and how far both are up to date.
export const BUNDLES = "modelbundles", ENDPOINTS = "modelendpoints";
const MOST_ACTIVITY = 500;

export const state = {
  info: {}, states: {}, activity: [], whole: false,
  connection: {state: "connecting", message: ""},
  rows: {[BUNDLES]: new Map(), [ENDPOINTS]: new Map()},
};

let staged = null;  // what comes of a whole board, until it is there

export const keyOf = (namespace, name) => `${namespace}/${name}`;
export const rowAt = (plural, namespace, name) => state.rows[plural].get(keyOf(namespace, name));

export function apply(change) {
  const into = staged || state;
  switch (change.change) {
    case "begin":
      staged = {info: change.info, states: change.states, activity: change.activity.reverse(), whole: true,
        rows: {[BUNDLES]: new Map(), [ENDPOINTS]: new Map()}};
      break;
    case "whole":
      Object.assign(state, staged);
      staged = null;
      break;
    case "put":
      into.rows[change.plural].set(keyOf(change.row.namespace, change.row.name), change.row);
      break;
    case "gone":
      into.rows[change.plural].delete(keyOf(change.namespace, change.name));
      break;
    case "state":
      into.states[change.plural] = change;
      break;
    case "activity":
      into.activity.unshift(change.entry);
      into.activity.length = Math.min(into.activity.length, MOST_ACTIVITY);
      break;
  }
}

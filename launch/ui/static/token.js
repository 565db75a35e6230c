// The token of the URL that the command printed: read from the fragment, kept for this origin, and sent as a header.
const KEY = "modelbundle-ui-token";

export function takeToken() {
  const found = /^#token=([\w-]+)$/.exec(location.hash);
  if (found) {
    localStorage.setItem(KEY, found[1]);
    history.replaceState(null, "", location.pathname + "#/");  // so that it is in no bookmark and no screenshot
  }
}

const headers = () => ({authorization: `Bearer ${localStorage.getItem(KEY) || ""}`});

// the JSON of an answer; an Error with its message where there is none
export async function ask(name, parameters, body) {
  const options = body === undefined ? {headers: headers()} : {headers: headers(), method: "POST", body: JSON.stringify(body)};
  let answer;
  try {
    answer = await fetch(`api/${name}?${new URLSearchParams(parameters)}`, options);
  } catch {
    throw new Error("the command `modelbundle ui` does not answer: it may have ended");
  }
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.error.message), {status: answer.status});
  return value;
}

export function openStream(signal) {
  return fetch("api/stream", {headers: headers(), signal});
}

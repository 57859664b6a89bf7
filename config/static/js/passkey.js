// Passkeys: a button asks the device, and its answer goes to the server in a hidden field of the button's form.
//   <form ...><input type="hidden" name="passkey"><p role="alert" data-passkey-error hidden></p>
//     <button type="button" hidden data-passkey="get" data-options="{...}">Use a passkey</button></form>
// `create` registers a device, `get` asks one. Without this script, or where the browser has no passkeys, there is no button.

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));

function text(buffer) {
  const binary = Array.from(new Uint8Array(buffer), (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (credentials) => (credentials || []).map((credential) => ({ ...credential, id: bytes(credential.id) }));

function questionOf(options) {
  const question = { ...options, challenge: bytes(options.challenge) };
  if (options.user) question.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) question.allowCredentials = withBytes(options.allowCredentials);
  if (options.excludeCredentials) question.excludeCredentials = withBytes(options.excludeCredentials);
  return question;
}

function answerOf(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const part of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function ask(button) {
  const form = button.form;
  const error = form.querySelector("[data-passkey-error]");
  error.hidden = true;
  if (!form.reportValidity()) return;
  button.disabled = true;
  try {
    const publicKey = questionOf(JSON.parse(button.dataset.options));
    const credential = await navigator.credentials[button.dataset.passkey]({ publicKey });
    form.elements.namedItem("passkey").value = JSON.stringify(answerOf(credential));
    form.submit();
  } catch {
    button.disabled = false;
    error.textContent = "The device did not answer, or you stopped it. Try again, or reload the page.";
    error.hidden = false;
  }
}

if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("button[data-passkey]")) {
    button.hidden = false;
    for (const note of button.form.querySelectorAll("[data-without-passkey]")) note.hidden = true;
    button.addEventListener("click", () => ask(button));
  }
}

// Says that a file is too large before it is sent. Without this file the site says so afterwards.
(() => {
  const input = document.querySelector("input[type=file][data-max-bytes]");
  if (!input) return;
  const most = Number(input.dataset.maxBytes);
  const isTooLarge = () => [...input.files].some((file) => file.size > most);

  function say(sentence) {
    const id = `${input.id}-wrong`;
    document.getElementById(id)?.remove();
    const others = (input.getAttribute("aria-describedby") || "").split(" ").filter((one) => one !== id);
    input.setAttribute("aria-describedby", sentence ? [...others, id].join(" ") : others.join(" "));
    input.removeAttribute("aria-invalid");
    if (!sentence) return;
    const said = document.createElement("p");
    said.id = id;
    said.className = "mistake";
    said.setAttribute("role", "alert");
    said.textContent = sentence;
    input.before(said);
    input.setAttribute("aria-invalid", "true");
  }

  input.addEventListener("change", () => say(isTooLarge() ? input.dataset.tooLarge : ""));
  input.form.addEventListener("submit", (event) => {
    if (!isTooLarge()) return;
    event.preventDefault();
    say(input.dataset.tooLarge);
    input.focus();
  });
})();

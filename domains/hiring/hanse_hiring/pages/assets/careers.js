// Updates the list in place. Without this file the same form and links load the same pages.
(() => {
  const board = document.getElementById("board");
  const said = document.getElementById("said");
  if (!board || !said || !window.fetch || !window.DOMParser) return;
  document.documentElement.classList.add("scripted");
  const filters = () => board.querySelector("details");
  if (matchMedia("(max-width: 52rem)").matches && !board.querySelector(".picked")) {
    filters().open = false;
  }

  let asking = null;
  let shown = location.search;

  async function show(address, { remember }) {
    if (asking) asking.abort();
    const mine = (asking = new AbortController());
    board.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { headers: { accept: "text/html" }, signal: mine.signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine.signal.aborted) return;
      replace(page);
      if (remember) history.pushState(null, "", address);
      shown = location.search;
    } catch (trouble) {
      if (trouble.name !== "AbortError") location.assign(address);
    } finally {
      if (asking === mine) {
        asking = null;
        board.removeAttribute("aria-busy");
      }
    }
  }

  function replace(page) {
    const focused = document.activeElement;
    const was = board.contains(focused) ? focused.id || "shown" : "";
    const open = filters().open;
    board.replaceChildren(...page.getElementById("board").childNodes);
    document.title = page.title;
    filters().open = open;
    said.textContent = document.getElementById("shown").textContent;
    if (was) {
      const now = document.getElementById(was) || document.getElementById("shown");
      if (now.id === "shown") now.tabIndex = -1;
      now.focus({ preventScroll: true });
    }
  }

  function chosen(form) {
    const query = new URLSearchParams(new FormData(form)).toString();
    return new URL(form.action).pathname + (query && `?${query}`);
  }

  board.addEventListener("change", (event) => {
    show(chosen(event.target.form), { remember: true });
  });
  board.addEventListener("submit", (event) => {
    event.preventDefault();
    show(chosen(event.target), { remember: true });
  });
  board.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-here]");
    if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    show(link.pathname + link.search, { remember: true });
  });
  addEventListener("popstate", () => {
    if (location.search !== shown) show(location.pathname + location.search, { remember: false });
  });
})();

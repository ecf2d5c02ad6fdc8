/* Keys of the bank's desk: j k Enter in lists, one letter for each act. Never inside a text control; Alt+Shift+K switches them off. */
(function () {
  "use strict";
  var rows = Array.prototype.slice.call(document.querySelectorAll("[data-row]"));
  var at = -1;

  function off() { return window.localStorage.getItem("keys") === "off"; }
  function show(index) {
    if (!rows.length) { return; }
    if (rows[at]) { rows[at].classList.remove("is-cursor"); }
    at = Math.max(0, Math.min(rows.length - 1, index));
    rows[at].classList.add("is-cursor");
    rows[at].scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("keydown", function (event) {
    if (event.altKey && event.shiftKey && event.code === "KeyK") { window.localStorage.setItem("keys", off() ? "on" : "off"); return; }
    if (off() || event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) { return; }
    if (event.key === "j") { show(at + 1); return; }
    if (event.key === "k") { show(at - 1); return; }
    if (event.key === "Enter" && rows[at] && event.target === document.body) { rows[at].querySelector("a").click(); return; }
    var scope = rows[at] || document;
    var target = scope.querySelector('[data-key="' + CSS.escape(event.key) + '"]') || document.querySelector('[data-key="' + CSS.escape(event.key) + '"]');
    if (!target || (rows.length && at < 0 && target.tagName === "BUTTON")) { return; }
    event.preventDefault();
    if (target.tagName === "INPUT") { target.focus(); } else { target.click(); }
  });

  /* A part that is still at work ([data-reload], milliseconds) is fetched again until it is done. */
  function renew() {
    var part = document.querySelector("[data-reload]");
    if (!part) { return; }
    window.setTimeout(function () {
      fetch(window.location.href, { credentials: "same-origin" }).then(function (answer) { return answer.text(); }).then(function (text) {
        var page = new DOMParser().parseFromString(text, "text/html");
        if (!page.querySelector("[data-reload]")) { window.location.reload(); return; }
        part.replaceWith(page.querySelector("[data-reload]"));
        renew();
      }).catch(renew);
    }, Number(part.dataset.reload));
  }
  renew();
}());

/* Small helps; every page works without them. */
(function () {
  "use strict";

  /* A refused form: move to the summary and say so in the title. */
  var errors = document.querySelector("[data-focus]");
  if (errors) {
    document.title = "错误：" + document.title;
    errors.focus();
  }

  /* The credit code is checked as it is typed (GB 32100-2015). */
  var ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  function faultOf(raw) {
    var code = raw.normalize("NFKC").trim().toUpperCase();
    if (!code) { return ""; }
    if (/[\s\-\u200b-\u200f\ufeff]/.test(code)) { return "代码中间有空格、连字符或看不见的字符，请去掉后再填"; }
    var sum = 0, weight = 1;
    for (var i = 0; i < code.length && i < 18; i += 1) {
      var value = ALPHABET.indexOf(code[i]);
      if (value < 0) { return "第 " + (i + 1) + " 位不能是 " + code[i] + "，代码中没有字母 I、O、S、V、Z"; }
      if (i < 17) { sum += value * weight; weight = weight * 3 % 31; }
    }
    if (code.length < 18) { return "已填 " + code.length + " 位，共 18 位"; }
    if (code.length > 18) { return "统一社会信用代码是 18 位，现在是 " + code.length + " 位"; }
    return ALPHABET[(31 - sum % 31) % 31] === code[17] ? "ok" : "第 18 位校验不符，请对照营业执照核对";
  }
  var input = document.querySelector("input[data-uscc]");
  if (input) {
    var line = document.createElement("p");
    line.className = "kc-hint";
    line.setAttribute("role", "status");
    input.after(line);
    input.addEventListener("input", function () {
      var fault = faultOf(input.value);
      line.textContent = fault === "ok" ? "代码校验通过" : fault;
    });
  }

  /* Questions that the present answers do not lead to are folded away; without this script all are shown. */
  function valuesOf(form, name) {
    return Array.from(form.querySelectorAll("[name='" + name + "']")).filter(function (field) {
      return (field.type !== "radio" && field.type !== "checkbox") || field.checked;
    }).map(function (field) { return field.value.trim(); });
  }
  function holds(form, when) {
    return Object.keys(when).every(function (name) {
      var given = valuesOf(form, name), wanted = when[name];
      if (Array.isArray(wanted)) { return given.some(function (value) { return wanted.indexOf(value) >= 0; }); }
      return given.some(function (value) { return Number(value.normalize("NFKC").replace(/,/g, "")) > wanted.over; });
    });
  }
  document.querySelectorAll("form[data-conditions]").forEach(function (form) {
    function fold() {
      form.querySelectorAll("[data-when]").forEach(function (part) {
        part.hidden = !holds(form, JSON.parse(part.dataset.when));
      });
    }
    form.addEventListener("input", fold);
    fold();
  });

  /* Saving by itself: when the line is down it says so and tries again. */
  var saved = document.getElementById("saved");
  if (saved) {
    var waiting;
    ["htmx:sendError", "htmx:responseError"].forEach(function (name) {
      document.body.addEventListener(name, function (event) {
        if (event.target !== saved && !event.target.matches("form[data-keep]")) { return; }
        saved.textContent = "暂时没有保存上，请不要关闭页面，10 秒后再试";
        window.clearTimeout(waiting);
        waiting = window.setTimeout(function () {
          document.querySelector("form[data-keep]").dispatchEvent(new Event("input", { bubbles: true }));
        }, 10000);
      });
    });
  }

  /* A pressed submit button is not pressed twice. */
  document.addEventListener("submit", function (event) {
    if (event.defaultPrevented) { return; }
    var button = event.submitter;
    if (button && button.dataset.once !== undefined) { window.setTimeout(function () { button.disabled = true; }, 0); }
  });
}());

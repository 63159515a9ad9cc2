// Says so when the page's own script did not start: it did not get through, or the browser is too old
// to read it. An ordinary script in words of 2009, so that every browser can read this one.
window.addEventListener("load", function () {
  var notice = document.querySelector("[data-not-started]");
  if (!document.documentElement.hasAttribute("data-started")) notice.hidden = false;
});

'use strict';
// Before the first paint, and therefore no module: else the page would flash in the other colours.
{
  const wanted = localStorage.getItem('theme');
  if (wanted === 'dark' || wanted === 'light') document.documentElement.dataset.theme = wanted;
}

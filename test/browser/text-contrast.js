/* global document, getComputedStyle */
// In the page: the least contrast of all texts that one sees now, as WCAG 2 reckons it, and which text that is.
(() => {
  const numbers = (color) => (color.match(/[\d.]+/g) ?? []).map(Number);
  const over = ([r, g, b, alpha = 1], below) =>
    [r, g, b].map((part, at) => part * alpha + below[at] * (1 - alpha));
  const gray = ([r, g, b]) => Array(3).fill(0.2126 * r + 0.7152 * g + 0.0722 * b);
  const light = (rgb) => {
    const [r, g, b] = rgb
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ancestors = (element) =>
    element === null ? [] : [...ancestors(element.parentElement), element];
  const contrast = (element) => {
    const styles = ancestors(element).map((each) => getComputedStyle(each));
    const opacity = styles.reduce((product, style) => product * Number(style.opacity), 1);
    const back = styles.reduce(
      (below, style) => over(numbers(style.backgroundColor), below),
      [255, 255, 255],
    );
    const [r, g, b, alpha = 1] = numbers(getComputedStyle(element).color);
    const isGray = styles.some((style) => style.filter.includes('grayscale(1)'));
    const pair = [over([r, g, b, alpha * opacity], back), back];
    const [text, ground] = (isGray ? pair.map(gray) : pair).map(light);
    return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
  };
  const isSeen = (element) =>
    !element.closest('meter, progress, option, script, style, noscript') &&
    element.checkVisibility({ visibilityProperty: true }) &&
    element.getBoundingClientRect().width > 0;
  const hasText = (element) =>
    element.matches('input, select') ||
    [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== '');
  const texts = [...document.body.querySelectorAll('*')].filter(
    (each) => hasText(each) && isSeen(each),
  );
  const all = texts.map((element) => ({
    ratio: contrast(element),
    of: element.id || element.className || element.tagName,
    text: element.textContent.trim().slice(0, 40),
  }));
  all.sort((one, other) => one.ratio - other.ratio);
  return { count: all.length, least: all[0] };
})();

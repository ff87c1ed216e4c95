/** Of a plot, with its axes, as in dashboard.css. */
export const HEIGHT = 220;

/** @param {string} name of a colour in dashboard.css, as it is in the theme of now */
export const color = (name) =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** @returns {import('uplot').Axis} */
export const axis = () => ({
  stroke: () => color('--soft'),
  grid: { stroke: () => color('--line'), width: 1 },
  ticks: { show: false },
  font: '12px system-ui, sans-serif',
});

/** @param {string} name of its colour @returns {import('uplot').Series} */
export const line = (name) => ({
  stroke: () => color(`--${name}`),
  width: 2,
  points: { show: false },
  spanGaps: false,
});

/**
 * Keeps a plot as wide as its box.
 * @param {import('uplot')} plot
 * @param {HTMLElement} box
 */
export function keepWide(plot, box) {
  const fit = () => {
    const width = box.clientWidth;
    if (width > 0 && width !== plot.width) plot.setSize({ width, height: HEIGHT });
  };
  new ResizeObserver(fit).observe(box);
}

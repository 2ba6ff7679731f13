// Runs before the first paint, so that a stored theme does not flash. The rest is in src/ui/theme.tsx.
var stored = localStorage.getItem('parley.theme')
if (stored === 'light' || stored === 'dark') document.documentElement.dataset.theme = stored

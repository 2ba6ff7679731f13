// The one file that has to load on any Node.js: it only looks at the version, and leaves the rest to main.mjs.
const least = 20
const found = Number(process.versions.node.split('.')[0])
if (found < least) {
  console.error(`Parley needs Node.js ${least} or newer; this is ${process.version}.`)
  process.exitCode = 1
} else {
  void import('./main.mjs').then(({ launch }) => launch(process.argv.slice(2)))
}

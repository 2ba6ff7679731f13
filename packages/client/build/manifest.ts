/** The package.json of the package that others install. That of the source leads to TypeScript, which only the monorepo runs. */
export const manifest = (version: string): object => ({
  name: '@parley/client',
  version,
  description: 'The client of Parley, a self-hosted video-meeting backend: REST, realtime rooms, chat, media',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  exports: {
    '.': { types: './index.d.ts', node: './node.js', default: './index.js' },
    './parley.min.js': './parley.min.js',
    './parley-sfu.min.js': './parley-sfu.min.js',
    './package.json': './package.json',
  },
  types: './index.d.ts',
  main: './node.js',
  browser: './index.js',
  unpkg: './parley.min.js',
  jsdelivr: './parley.min.js',
  files: ['*.js', '*.d.ts', 'NOTICE'],
  engines: { node: '>=20.3' },
  peerDependencies: { ws: '>=8' },
  peerDependenciesMeta: { ws: { optional: true } },
})

import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

/** The gateway that `vite dev` passes API calls and the WebSocket to. */
const gateway = process.env['PARLEY_URL'] ?? 'http://127.0.0.1:8080'

export default defineConfig({
  build: {
    target: 'es2024',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    // No inlined assets and no inline preload script: the page runs under a strict content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [compressed()],
  server: {
    // With the Host that the browser sent: by it the gateway knows the page's origin as its own.
    proxy: {
      '/v1': { target: gateway, ws: true },
      '/.well-known': { target: gateway },
    },
  },
})

const least = 512
const texts = /\.(?:html|js|css|svg|json|txt|webmanifest)$/

/** Leaves a `.br` and a `.gz` beside every text: compressing once, here, costs less and saves more than for each request. */
function compressed(): Plugin {
  let dir = ''
  return {
    name: 'parley-compressed',
    apply: 'build',
    configResolved({ root, build }) {
      dir = join(root, build.outDir)
    },
    async closeBundle() {
      const names = await readdir(dir, { recursive: true })
      await Promise.all(names.filter((name) => texts.test(name)).map((name) => compress(join(dir, name))))
    },
  }
}

async function compress(file: string): Promise<void> {
  const content = await readFile(file)
  if (content.length < least) return
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length }
  await writeFile(`${file}.br`, await promisify(brotliCompress)(content, { params }))
  await writeFile(`${file}.gz`, await promisify(gzip)(content, { level: 9 }))
}

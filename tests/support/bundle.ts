import { build } from 'vite'

/** A program of the tests as one script that a page can load as a module. */
export async function bundleForPage(entry: string): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: 'silent',
    build: {
      write: false,
      minify: false,
      target: 'es2024',
      lib: { entry, formats: ['es'], fileName: 'page' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })
  const outputs = Array.isArray(built) ? built : [built]
  const chunks = outputs.flatMap((output) => ('output' in output ? output.output : []))
  const code = chunks.find((chunk) => chunk.type === 'chunk')?.code
  if (code === undefined) throw new Error(`${entry} came to nothing`)
  return code
}

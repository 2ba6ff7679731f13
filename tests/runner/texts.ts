import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './checks.ts'

/** One page of all texts that people read, so that they can be read through as English: `docs/texts.md`. */

const page = join(root, 'docs', 'texts.md')
const filesOf = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => path.includes('node_modules') || path.endsWith('/dist') })
    .filter((file) => !/\.(?:test|suite|fixture)\.|\/testing\/|\/suites\//.test(file))
    .sort()

const quoted = String.raw`(?:'((?:[^'\\\n]|\\.)*)'|\x60((?:[^\x60\\]|\\.)*)\x60)`

/** A kind of text: where it stands, and how it is written in the code. */
interface Kind {
  title: string
  files: readonly string[]
  pattern: RegExp
}

const servers = ['{packages/kit,packages/contracts,services/*,deploy/*}/src/**/*.ts']
const kinds: readonly Kind[] = [
  {
    title: 'Problems: titles and details',
    files: servers,
    pattern: new RegExp(String.raw`(?:ProblemError\(\s*(?:'[a-z-]+'|[a-z.]+),|title:|detail:)\s*${quoted}`, 'gi'),
  },
  {
    title: 'Log messages',
    files: servers,
    pattern: new RegExp(
      String.raw`\b(?:log|logger)(?:\.\w+)?(?:\.(?:debug|info|warn|error|fatal)|\[\w+\])\(\s*(?:\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\},\s*)?${quoted}`,
      'g',
    ),
  },
  {
    title: 'The page: texts between tags',
    files: ['packages/web/src/**/*.tsx'],
    pattern: />\s*([A-Z][^<>{}=]*[a-z.…?!’][^<>{}=]*?)\s*</g,
  },
  {
    title: 'The page: labels, hints and messages',
    files: ['packages/web/src/**/*.{ts,tsx}'],
    pattern: /(?:'([A-Z][^'\n]* [^'\n]*)'|`([A-Z][^`\n]* [^`\n]*)`|"([A-Z][^"\n]* [^"\n]*)")/g,
  },
]

function textsOf({ files, pattern }: Kind): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of files.flatMap(filesOf)) {
    const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    const texts = [...code.matchAll(pattern)].flatMap((match) => match.slice(1).find((text) => text) ?? [])
    const plain = texts.map((text) => text.replaceAll(/\s+/g, ' ').trim()).filter((text) => /[A-Za-z]{2}/.test(text))
    if (plain.length > 0) found.set(file, [...new Set(plain)])
  }
  return found
}

const lines = [
  '# Texts',
  '',
  'All texts that people read, by kind and file. Made by `node tests/runner/texts.ts`; do not edit.',
  '',
]
for (const kind of kinds) {
  lines.push(`## ${kind.title}`, '')
  for (const [file, texts] of textsOf(kind)) {
    lines.push(
      `\`${file}\``,
      '',
      ...texts.map((text) => `- ${text.replaceAll('<', '&lt;').replaceAll('*', '\\*')}`),
      '',
    )
  }
}
const text = `${lines.join('\n').trimEnd()}\n`
if (process.argv.includes('--check')) {
  if (readFileSync(page, 'utf8') !== text) {
    process.stdout.write('docs/texts.md is old: run node tests/runner/texts.ts\n')
    process.exitCode = 1
  }
} else writeFileSync(page, text)

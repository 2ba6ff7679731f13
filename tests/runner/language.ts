import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './checks.ts'

/** How plain the language is: fewer is better, and none of these may grow (docs/glossary.md, CONTRIBUTING.md). */
const atMost = {
  'sentences over 20 words': 128,
  'sentences with a free “who …” or “what …” clause': 0,
  'words the glossary replaces': 0,
}
type Count = keyof typeof atMost

interface Text {
  file: string
  text: string
}

const filesOf = (pattern: string): string[] =>
  globSync(pattern, { cwd: root, exclude: (path) => path.includes('node_modules') || path.endsWith('/dist') })

/** Comments of the code: blocks, and lines that follow one another. */
function commentsOf(file: string): Text[] {
  const code = readFileSync(join(root, file), 'utf8')
  const blocks = [...code.matchAll(/\/\*\*?([\s\S]*?)\*\//g)].map(([, block = '']) =>
    block.replaceAll(/\n\s*\*/g, '\n'),
  )
  const lines = [...code.matchAll(/(?:^\s*\/\/.*\n)+/gm)].map(([found]) => found.replaceAll(/^\s*\/\//gm, ''))
  return [...blocks, ...lines].map((text) => ({ file, text }))
}

/** Texts for people: problems, log messages, texts of the page. A text has a space and begins with a letter. */
function stringsOf(file: string): Text[] {
  const code = readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\//g, '')
  return [...code.matchAll(/(['"`])([A-Za-z](?:(?!\1)[^\n\\]|\\.)* (?:(?!\1)[^\n\\]|\\.)*)\1/g)].map(
    ([, , text = '']) => ({
      file,
      text,
    }),
  )
}

/** Prose of a page: without code, tables and headings. */
function proseOf(file: string): Text[] {
  const page = readFileSync(join(root, file), 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  const lines = page.split('\n').filter((line) => !/^\s*(?:\||#|<)/.test(line))
  return lines
    .join('\n')
    .split(/\n\s*\n/)
    .map((text) => ({ file, text }))
}

const sentencesOf = (text: string): string[] =>
  text
    .replaceAll(/`[^`]*`/g, 'code')
    .replaceAll(/\]\([^)]*\)/g, ']')
    .split(/(?<=[.!?:;])\s+|\n\s*(?:[-*]|\d+\.)\s|\n\s*@/)
    .map((sentence) => sentence.replaceAll(/\s+/g, ' ').trim())
const wordsOf = (sentence: string): number => sentence.split(' ').filter((word) => /\w/.test(word)).length

/** "Who was removed comes again": a clause without its noun, where a reader takes it for a question. */
const freeClause = /^(?:Who|What|Whoever|Whatever)\b(?![^?]*\?$)/
const replaced = /\b(?:keepHouse|comingIn|inTurn|showPassing|createGates?|RoomNews|Knocker|Leaned)\b/

const faults: Record<Count, (sentence: string) => boolean> = {
  'sentences over 20 words': (sentence) => wordsOf(sentence) > 20,
  'sentences with a free “who …” or “what …” clause': (sentence) => freeClause.test(sentence) && wordsOf(sentence) > 2,
  'words the glossary replaces': (sentence) => replaced.test(sentence),
}

const code = filesOf('{packages,services,deploy,tests}/**/*.{ts,tsx,mjs}')
const texts = [
  ...code.flatMap(commentsOf),
  ...code.filter((file) => !/\.test\.|\.suite\./.test(file)).flatMap(stringsOf),
  ...filesOf('{README,CONTRIBUTING,SECURITY}.md').flatMap(proseOf),
  ...filesOf('docs/{*,spec/*,operation/*}.md').flatMap(proseOf),
]
const isListing = process.argv.includes('--list')
let failed = false
for (const [count, most] of Object.entries(atMost) as [Count, number][]) {
  const found = texts.flatMap(({ file, text }) =>
    sentencesOf(text)
      .filter(faults[count])
      .map((sentence) => `${file}: ${sentence}`),
  )
  process.stdout.write(`${count}: ${found.length} (at most ${most})\n`)
  if (isListing || found.length > most)
    for (const one of found.slice(0, isListing ? undefined : 20)) process.stdout.write(`  ${one}\n`)
  failed ||= found.length > most
}
process.exitCode = failed ? 1 : 0

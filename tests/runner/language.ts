import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './checks.ts'

/** How plain the language is: fewer is better, and none of these may grow (docs/glossary.md, CONTRIBUTING.md). */
const atMost = {
  'sentences over 20 words': 105,
  'sentences with a free “who …” or “what …” clause': 0,
  'words the glossary replaces': 0,
  'declarations by a name that gave way': 0,
  'names of servers that say person or people': 0,
  'names of tests with a free “who …” clause': 0,
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

/** Each of these named several things, or said a moment instead of a thing: "Words that gave way" in the glossary has what stands for them. */
const oldNames = [
  'World',
  'Parts',
  'Entry',
  'Place',
  'Change',
  'Draft',
  'Grant',
  'Joining',
  'Seeker',
  'Knocker',
  'Lines',
  'RoomNews',
  'Seen',
  'Carried',
  'Handed',
  'Caught',
  'Leaned',
  'Told',
  'Asked',
  'judge',
  'keepHouse',
  'insist',
  'showPassing',
  'comingIn',
  'inTurn',
  'createGate',
  'createGates',
  'createTeller',
  'KnownPerson',
  'ShownPerson',
  'JanusPeer',
]
const gaveWay = new RegExp(`^(?:export )?(?:async )?(?:interface|type|class|function) (?:${oldNames.join('|')})\\b`)

type OfSentences =
  | 'sentences over 20 words'
  | 'sentences with a free “who …” or “what …” clause'
  | 'words the glossary replaces'
const faults: Record<OfSentences, (sentence: string) => boolean> = {
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
const linesOf = (files: readonly string[]): string[] =>
  files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .map((line) => `${file}: ${line.trim()}`),
  )
const sources = code.filter((file) => file.endsWith('.ts') || file.endsWith('.tsx'))
const isTest = (file: string): boolean => /\.(?:test|suite)\.|\/testing\//.test(file)
const ofServers = /^(?:packages\/(?:contracts|kit)|services|deploy)\//

/** A person is a human being; code names a user, a member or a participant. Settings keep their words, and so do fields of others. */
const personName =
  /\b(?:interface|type|class|function\*?|const|let) (?!(?:socketsPerPerson|defaultSeatsPerPerson|mostOfPerson)\b)\w*(?:[pP]erson(?!a)|[pP]eople)/
/** In the name of a test, after its rule ids, a comma or a preposition. */
const freeInTitle =
  /^\S+: (?:test|it|describe)\b[^'"`]*['"`](?:[A-Z]+\d[\w.]* )*(?:[^'"`]*(?:; |: |\b(?:of|for|to|than|from|refuses) ))?who\b/

const found = {
  ...(Object.fromEntries(
    Object.entries(faults).map(([count, isFault]) => [
      count,
      texts.flatMap(({ file, text }) =>
        sentencesOf(text)
          .filter(isFault)
          .map((sentence) => `${file}: ${sentence}`),
      ),
    ]),
  ) as Record<OfSentences, string[]>),
  'declarations by a name that gave way': linesOf(sources).filter((line) =>
    gaveWay.test(line.slice(line.indexOf(': ') + 2)),
  ),
  'names of servers that say person or people': linesOf(
    sources.filter((file) => ofServers.test(file) && !isTest(file)),
  ).filter((line) => personName.test(line)),
  'names of tests with a free “who …” clause': linesOf(
    sources.filter((file) => /\.(?:test|suite)\.|\/suites\//.test(file)),
  ).filter((line) => freeInTitle.test(line)),
} satisfies Record<Count, string[]>
const isListing = process.argv.includes('--list')
let failed = false
for (const [count, most] of Object.entries(atMost) as [Count, number][]) {
  const those = found[count]
  process.stdout.write(`${count}: ${those.length} (at most ${most})\n`)
  if (isListing || those.length > most)
    for (const one of those.slice(0, isListing ? undefined : 20)) process.stdout.write(`  ${one}\n`)
  failed ||= those.length > most
}
process.exitCode = failed ? 1 : 0

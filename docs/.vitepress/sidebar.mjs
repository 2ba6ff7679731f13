import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The pages of each folder, so that a new page is found without being named here. Those named come first, in this order. */
const groups = [
  {
    text: 'Guide',
    folder: 'guide',
    first: ['quick-start', 'frontend-with-the-sdk', 'frontend-without-the-sdk'],
  },
  { text: 'Operation', folder: 'operation', first: ['containers', 'kubernetes', 'postgresql', 'security', 'runbook'] },
  { text: 'Specification', folder: 'spec', first: ['README', 'accounts', 'meetings', 'realtime', 'protocol', 'chat'] },
  { text: 'Decisions', folder: 'decisions', first: [], collapsed: true },
]
const reference = ['auth', 'meetings', 'chat', 'media', 'signaling', 'realtime']
const design = ['architecture', 'guarantees', 'events', 'references', 'glossary', 'language', 'map', 'next']

export function sidebar(docs) {
  const folders = groups.map(({ text, folder, first, collapsed = false }) => ({
    text,
    collapsed,
    items: pagesOf(docs, folder, first).map((page) => item(docs, `${folder}/${page}`)),
  }))
  const [guide, operation, ...rest] = folders
  return [
    guide,
    operation,
    {
      text: 'Design',
      collapsed: false,
      items: design.filter((page) => existsSync(join(docs, `${page}.md`))).map((page) => item(docs, page)),
    },
    {
      text: 'Reference',
      collapsed: false,
      items: reference.map((part) => ({
        text: part === 'realtime' ? 'WebSocket' : `REST: ${part}`,
        link: `/reference/${part}`,
      })),
    },
    ...rest,
  ]
}

function pagesOf(docs, folder, first) {
  if (!existsSync(join(docs, folder))) return []
  const found = readdirSync(join(docs, folder)).flatMap((name) => (name.endsWith('.md') ? [name.slice(0, -3)] : []))
  return [...first.filter((page) => found.includes(page)), ...found.filter((page) => !first.includes(page)).toSorted()]
}

function item(docs, page) {
  const [, title = page] = /^# (.+)$/m.exec(readFileSync(join(docs, `${page}.md`), 'utf8')) ?? []
  return { text: title.replaceAll('`', ''), link: `/${page.replace(/README$/, '')}` }
}

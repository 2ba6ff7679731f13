import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { defineConfig } from 'vitepress'
import { outsideLinks } from './outside-links.mjs'
import { sidebar } from './sidebar.mjs'

const docs = join(import.meta.dirname, '..')

export default defineConfig({
  title: 'Parley',
  description:
    'A self-hosted video-meeting backend: accounts, meetings, chat, signaling, SFU and recordings behind one URL',
  lang: 'en',
  // Below which path the site will be served.
  base: process.env.DOCS_BASE ?? '/',
  srcExclude: ['node_modules/**'],
  rewrites: { 'spec/README.md': 'spec/index.md' },
  lastUpdated: false,
  markdown: {
    // What looks like a tag in a sentence is text.
    html: false,
    config: (markdown) => void markdown.use(outsideLinks, { docs, repository: process.env.DOCS_REPOSITORY }),
  },
  // Addresses of a Parley that the reader runs.
  ignoreDeadLinks: 'localhostLinks',
  themeConfig: {
    nav: [
      { text: 'Quick start', link: '/guide/quick-start' },
      { text: 'Operation', link: '/operation/containers' },
      { text: 'Specification', link: '/spec/' },
      { text: 'REST', link: '/reference/meetings' },
      { text: 'WebSocket', link: '/reference/realtime' },
    ],
    sidebar: sidebar(docs),
    outline: [2, 3],
    search: { provider: 'local' },
  },
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  async buildEnd({ outDir }) {
    for (const name of ['openapi.json', 'asyncapi.json']) await copyFile(join(docs, name), join(outDir, name))
  },
})

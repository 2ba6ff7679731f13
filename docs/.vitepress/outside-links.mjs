import { dirname, relative, resolve } from 'node:path'

/**
 * Links of a page that lead out of this folder, into the code: to the repository, where one is named (DOCS_REPOSITORY, such as
 * https://forge.example/parley/blob/main), and otherwise they are text, for the site has no such page.
 */
export function outsideLinks(markdown, { docs, repository }) {
  markdown.core.ruler.push('outside-links', ({ tokens, env }) => {
    for (const { children } of tokens) if (children) leave(children, env.path ?? docs)
  })

  function leave(tokens, page) {
    const open = []
    for (const token of tokens) {
      if (token.type === 'link_open') {
        const to = target(token.attrGet('href') ?? '', page)
        open.push(to)
        if (to === undefined) continue
        if (repository) token.attrSet('href', `${repository}/${to}`)
        else hide(token)
      } else if (token.type === 'link_close' && open.pop() !== undefined && !repository) hide(token)
    }
  }

  /** The path from the root of the repository, of a link that leads out of `docs`. */
  function target(href, page) {
    if (/^(?:[a-z]+:|#|\/)/i.test(href)) return undefined
    const [path, hash] = href.split('#')
    const inRepository = relative(dirname(docs), resolve(dirname(page), path))
    const isPage = inRepository.startsWith('docs/') && /\.(?:md|json|png|html)$|\/[^.]*$/.test(inRepository)
    return isPage ? undefined : `${inRepository}${hash === undefined ? '' : `#${hash}`}`
  }
}

function hide(token) {
  token.type = 'text'
  token.tag = ''
  token.content = ''
  token.nesting = 0
}

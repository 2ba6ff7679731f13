import { describe, expect, test } from 'vitest'
import { linkify } from './linkify.ts'

const links = (text: string) =>
  linkify(text).flatMap((piece) => (piece.kind === 'link' ? [[piece.text, piece.href]] : []))

describe('O8 linkify', () => {
  test('leaves text without links alone', () => {
    expect(linkify('hello < there')).toEqual([{ kind: 'text', text: 'hello < there' }])
    expect(linkify('')).toEqual([])
  })

  test('keeps every character, in order', () => {
    const text = 'see https://a.example/x, then www.b.example (and http://c.example/y_(z)). Bye'
    expect(
      linkify(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text)
    expect(links(text)).toEqual([
      ['https://a.example/x', 'https://a.example/x'],
      ['www.b.example', 'https://www.b.example/'],
      ['http://c.example/y_(z)', 'http://c.example/y_(z)'],
    ])
  })

  test.each(['javascript:alert(1)', 'data:text/html,x', 'https://', 'ftp://a.example', 'xhttps://', 'www.'])(
    'makes no link of %j',
    (text) => expect(links(text)).toEqual([]),
  )

  test('an address ends at a direction mark and at a quote', () => {
    expect(links('https://a.example/\u202egpj.exe')).toEqual([['https://a.example/', 'https://a.example/']])
    expect(links('https://a.example/"onclick=x')).toEqual([['https://a.example/', 'https://a.example/']])
  })

  test('a long message costs little', () => {
    const started = performance.now()
    linkify('www.'.repeat(1000))
    linkify(`https://a.example/${')'.repeat(3980)}`)
    linkify(`https://a.example/${'('.repeat(3980)}`)
    expect(performance.now() - started).toBeLessThan(250)
  })
})

/**
 * Requests for `path` that two parsers may read differently, by what is odd about them; most carry a whole good one (`good`)
 * in their body. `line` is the header of a good token.
 */
export function ambiguous(path: string, line: string): { good: string; requests: Readonly<Record<string, string>> } {
  const good = `GET ${path} HTTP/1.1\r\nHost: a\r\n${line}\r\n\r\n`
  const post = (lines: string, body: string) =>
    `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n${lines}\r\n\r\n${body}`
  const plain = (target: string, lines = 'Host: a') => `GET ${target} HTTP/1.1\r\n${lines}\r\n${line}\r\n\r\n`
  const encoded = path.replace('/v1/', '/v1/x/..%2f')
  const requests: Readonly<Record<string, string>> = {
    'CL.TE': post('Content-Length: 6\r\nTransfer-Encoding: chunked', `0\r\n\r\n${good}`),
    'TE.CL': post('Transfer-Encoding: chunked\r\nContent-Length: 4', `5c\r\n${good}0\r\n\r\n`),
    'TE.TE': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity', `0\r\n\r\n${good}`),
    'TE of another kind': post('Transfer-Encoding: xchunked', `0\r\n\r\n${good}`),
    'two lengths': post('Content-Length: 2\r\nContent-Length: 90', `{}${good}`),
    'obs-fold': plain(path, 'Host: a\r\nX-A: b\r\n Transfer-Encoding: chunked'),
    'a bare LF': plain(path, 'Host: a\nX-A: b'),
    'space before the colon': plain(path, 'Host: a\r\nTransfer-Encoding : chunked'),
    'absolute form': plain(`http://evil.example${path}`),
    '//': plain(path.replace('/v1/', '/v1//')),
    'leading //': plain(`/${path}`),
    '/..%2f': plain(encoded),
    '/../': plain(path.replace('/v1/', '/v1/x/../')),
    '%2e%2e': plain(path.replace('/v1/', '/v1/x/%2e%2e/')),
    '%00': plain(`${path}%00`),
    'no host': plain(path, 'X-A: b'),
    'two hosts': plain(path, 'Host: a\r\nHost: b'),
  }
  return { good, requests }
}

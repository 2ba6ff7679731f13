/** Says each thing once, and at most so many things, for what a client could make us say for ever. */
export function createOnce(most = 16): (what: string, say: () => void) => void {
  const said = new Set<string>()
  return (what, say) => {
    if (said.has(what) || said.size >= most) return
    said.add(what)
    say()
  }
}

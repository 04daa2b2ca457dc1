// The declared columns of a source by their dotted paths, those inside lists too.
import type { Shape } from '../shape.ts'

/** What a list holds, lists in it opened; anything else is itself. */
function leafAt(shape: Shape | undefined): Shape | undefined {
  return shape?.kind === 'list' ? leafAt(shape.of) : shape
}

/** The declared column at a path that may lead into lists of groups. */
export function columnAt(shape: Shape, path: string): Shape | undefined {
  let at: Shape | undefined = shape
  for (const name of path.split('.')) {
    const within = leafAt(at)
    at = within?.kind === 'group' ? within.members.get(name) : undefined
  }
  return at
}

/** The dotted paths of all single values, those inside lists too. */
export function leafPaths(shape: Shape, path = ''): string[] {
  const leaf = leafAt(shape)
  if (leaf?.kind !== 'group') return [path]
  return [...leaf.members].flatMap(([name, member]) => leafPaths(member, path === '' ? name : `${path}.${name}`))
}

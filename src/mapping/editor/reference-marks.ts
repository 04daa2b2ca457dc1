// Keeps the generated parts of a document up to date: what stands between the marks of a part.

/** `<!-- generated: functions -->`, the part, `<!-- end -->`. */
const MARKED = /(<!-- generated: ([\w-]+) -->\n)(?:(?!<!-- generated: )[\s\S])*?(<!-- end -->)/g
const BEGINS = /<!-- generated: ([\w-]+) -->/g

export interface Renewed {
  /** The document with every part as it is now. */
  readonly text: string
  /** The names of marks that no part has. */
  readonly unknown: readonly string[]
  /** The names of marks that no `<!-- end -->` follows. */
  readonly open: readonly string[]
}

export function renewParts(document: string, parts: Readonly<Record<string, string>>): Renewed {
  const begun = [...document.matchAll(BEGINS)].map(([, name = '']) => name)
  const ended: string[] = []
  const text = document.replaceAll(MARKED, (all: string, begin: string, name: string, end: string) => {
    ended.push(name)
    return Object.hasOwn(parts, name) ? `${begin}\n${parts[name]}\n\n${end}` : all
  })
  return {
    text,
    unknown: ended.filter((name) => !Object.hasOwn(parts, name)),
    open: begun.filter((name) => !ended.includes(name)),
  }
}

// The settings of a mapping as their file tells them: value, words, and the comments beside them, which no tree keeps.
import { isMap, isNode, isScalar, isSeq, type Node, parseDocument } from 'yaml'
import type { MappingFile } from '../files/load.ts'

export interface SettingDoc {
  readonly name: string
  /** As written: `login_or_number`, `""`, `[]`. */
  readonly value: string
  /** Absent where any value of its kind will do. */
  readonly oneOf?: readonly string[]
  /** The comment at the end of its line. */
  readonly note?: string
  /** The comment above it, line by line, and whether a blank line stands before that. */
  readonly above: readonly string[]
  readonly isApart: boolean
}

/** Of files without faults. Settings in the order of the files. */
export function settingDocs(files: readonly MappingFile[]): SettingDoc[] {
  return files.flatMap(({ text }) => {
    const root = parseDocument(text, { uniqueKeys: false }).contents
    const settings = isMap(root) ? root.get('settings', true) : undefined
    if (!isMap<Node, Node | null>(settings)) return []
    return settings.items.flatMap(({ key, value }, index) => {
      if (!isScalar(key) || value === null) return []
      const above = (index === 0 ? settings.commentBefore : undefined) ?? key.commentBefore
      return [docOf(String(key.value), value, linesOf(above), index > 0 && key.spaceBefore === true, text)]
    })
  })
}

function docOf(name: string, value: Node, above: readonly string[], isApart: boolean, text: string): SettingDoc {
  const written = (node: Node) => text.slice(node.range?.[0], node.range?.[1]).trim()
  const parts = isMap<Node, Node | null>(value) ? value : undefined
  const is = parts ? parts.get('is', true) : value
  const words = parts?.get('one_of', true)
  const note = linesOf(value.comment).join(' ')
  return {
    name,
    value: isNode(is) ? written(is) : '',
    ...(isSeq<Node>(words) && { oneOf: words.items.map(written) }),
    ...(note !== '' && { note }),
    above,
    isApart,
  }
}

/** Without the blank after the sign. */
const linesOf = (comment: string | null | undefined) =>
  comment ? comment.split('\n').map((line) => line.replace(/^ /, '').trimEnd()) : []

// Makes a mapping file's text small for a bundle: without comments and examples, with every line where it was.
import { cutExamples } from './cut-examples.ts'
import { loadFile, type MappingFile } from './load.ts'

const COMMENT_LINE = /^[ \t]*#.*$/gm
/** With a quote behind its sign it may be a part of a text. */
const COMMENT_BEHIND = /[ \t]+#[^'"\n]*$/gm

/**
 * The file with what a server has no use for blanked: it means the same, and names the same lines and columns. The text is
 * the whole one where blanking would change what it means (a comment's sign inside a block of text).
 */
export function slimFile(file: MappingFile): MappingFile {
  const slim = { path: file.path, text: withoutComments(withoutExamples(file.text)) }
  const isSame = treeOf(slim) === treeOf(file)
  return isSame ? slim : file
}

/** What is read of it, but for its examples. */
function treeOf(file: MappingFile): string {
  const faults: unknown[] = []
  const root = loadFile(file, (...fault) => faults.push(fault), { examples: false })
  return JSON.stringify([root, faults])
}

function withoutComments(text: string): string {
  return text.replace(COMMENT_LINE, '').replace(COMMENT_BEHIND, '')
}

/** Their lines, the key's too, are left empty. */
function withoutExamples(text: string): string {
  const cut = cutExamples(text)
  if (cut === undefined) return text
  const lines = text.split('\n').map(() => '')
  let line = 0
  let lineStart = 0
  let offset = 0
  for (const kept of cut.text.split('\n')) {
    for (const start = cut.offsetOf(offset); lineStart < start; line++) {
      lineStart = text.indexOf('\n', lineStart) + 1 || text.length
    }
    if (line < lines.length && !cut.keyLines.has(line + 1)) lines[line] = kept
    offset += kept.length + 1
  }
  return lines.join('\n')
}

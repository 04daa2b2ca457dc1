// What the YAML parser says, in the words of an author who thinks of keys and formulas.

export interface YamlFault {
  /** As the `yaml` package names it. */
  readonly code: string
  readonly message: string
  /** The line that the fault stands in. */
  readonly line: string
}

export const TOO_DEEP = 'the file is nested too deeply'
/** How V8 begins to tell that the parser, which recurses, was led too deep. */
export const STACK_OVERFLOW = 'Maximum call stack'

const WHOLE = "Put the whole formula in '…' quotes."
const IN_FLOW = `a formula with commas or brackets stands inside { } or [ ]. ${WHOLE}`
const NO_BLANK = 'a key is followed by `:` and a blank: write `key: value`'

/** The first row that fits is told. */
const MESSAGES: readonly (readonly [codes: string, fits: (fault: YamlFault) => boolean, message: string])[] = [
  ['', ({ message }) => message.startsWith(STACK_OVERFLOW), TOO_DEEP],
  ['TAB_AS_INDENT', () => true, 'indent with blanks, not with tabs'],
  ['MULTIPLE_DOCS', () => true, 'one file is one document: remove the `---`'],
  ['BLOCK_AS_IMPLICIT_KEY', ({ line }) => /[:-]\s+=/.test(line), `\`: \` inside a plain value starts a map. ${WHOLE}`],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    ({ line }) => /:\s.*:\s/.test(line),
    "`: ` inside a text starts a map. Put the whole text in '…' quotes.",
  ],
  [
    'BLOCK_AS_IMPLICIT_KEY',
    () => true,
    'the lines below stand further in, but this key has a value already. Align them with the key.',
  ],
  [
    'UNEXPECTED_TOKEN',
    ({ line }) => /(?:^|\s)[>|]\S/.test(line),
    "a value that begins with > or | is a text of several lines. Put it in '…' quotes.",
  ],
  ['UNEXPECTED_TOKEN MISSING_CHAR', ({ line }) => /[{[](?:.*[:[,{])?\s*=/.test(line), IN_FLOW],
  [
    'UNEXPECTED_TOKEN',
    ({ line }) => /:\s+["']/.test(line),
    `text follows the closing quote. Put the whole formula in '…' quotes, or begin it with = and not with a quote.`,
  ],
  ['MULTILINE_IMPLICIT_KEY MISSING_CHAR', ({ line }) => /^\s*(?:- )?[\w.]+:[^\s:]/.test(line), NO_BLANK],
  [
    'MISSING_CHAR',
    ({ message }) => message.includes('be followed by map values'),
    'this line is no `key: value`. A formula of several lines stands after `>-`, each line further in than its key.',
  ],
  ['MISSING_CHAR', ({ message }) => message.includes('closing'), 'a quote that was opened above is not closed'],
  [
    'MISSING_CHAR',
    () => true,
    "values in { } or [ ] are separated by commas; a value with , : [ ] { } or quotes in it stands in '…' quotes",
  ],
  ['BAD_INDENT', ({ message }) => message.startsWith('Flow'), 'a { or [ that was opened above is not closed'],
  ['BAD_SCALAR_START BAD_ALIAS', () => true, "a value can't begin with this character. Put it in '…' quotes."],
  ['BAD_DQ_ESCAPE', () => true, 'in "…" a backslash begins a code such as \\n. Write it twice, or use \'…\' quotes.'],
]

/** A sentence for the author, the parser's own where none is better. */
export function yamlMessage(fault: YamlFault): string {
  const found = MESSAGES.find(([codes, fits]) => (codes === '' || codes.split(' ').includes(fault.code)) && fits(fault))
  return found ? found[2] : fault.message.charAt(0).toLowerCase() + fault.message.slice(1)
}

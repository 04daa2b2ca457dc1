// What a command of the command line is.

export interface Command {
  /** As in `bridge clients add`. */
  readonly name: string
  readonly summary: string
  /** The lines of `--help` below the summary. */
  readonly usage: string
  /** Option names → whether they take a value. `json` and `help` are always there. */
  readonly options: Readonly<Record<string, 'value' | 'flag'>>
  /** How many words it takes besides options, for example an id; a pair is the fewest and the most. */
  readonly positionals: number | readonly [fewest: number, most: number]
  readonly run: (input: CommandInput) => Promise<number>
}

export interface CommandInput {
  readonly values: Readonly<Record<string, string | undefined>>
  readonly flags: ReadonlySet<string>
  readonly words: readonly string[]
  readonly isJson: boolean
}

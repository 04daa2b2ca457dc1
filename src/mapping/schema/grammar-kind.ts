// What a kind of map of the language is: its keys, and what each takes.

/**
 * `word`: plain text. `words`: one, or a list of them. `formulas`: one, or a list that must all hold. `switch`: true or false.
 * `plain`: plain text, a number, true, false, or a list of them. `data`: anything, taken as it is. `columns`: the columns of a row
 * with their types. `fields`: values by the names of the collection's fields.
 */
export type Takes =
  | 'word'
  | 'words'
  | 'formula'
  | 'formulas'
  | 'value'
  | 'switch'
  | 'data'
  | 'columns'
  | 'plain'
  | 'fields'
  | { readonly oneOf: readonly string[] }
  | { readonly kind: string }
  /** A map with free keys, which are names for formulas where that is said. */
  | { readonly mapOf: Takes; readonly isNamed?: true }
  /** A map of one key. */
  | { readonly pair: Takes }
  | { readonly listOf: Takes }
  | { readonly either: readonly Takes[] }

export interface KeyGrammar {
  /** One line for a person, Markdown. */
  readonly doc: string
  readonly takes: Takes
  /** The map is refused without it, once the layers are merged. */
  readonly required?: true
}

export interface Kind {
  /** How messages name it: `a rule`. */
  readonly what: string
  /** One line for a person, Markdown. */
  readonly doc: string
  readonly keys: Readonly<Record<string, KeyGrammar>>
  /** What all other keys take; without it they are refused. */
  readonly others?: KeyGrammar
  /** At least one of the keys of each list must be there. */
  readonly anyOf?: readonly (readonly string[])[]
  /** No two keys of a list may be there. */
  readonly apart?: readonly (readonly string[])[]
  /** A value, or a lookup, with this key is of this kind, whatever else it has. */
  readonly marks?: readonly string[]
}

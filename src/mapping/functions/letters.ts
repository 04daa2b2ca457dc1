// The functions that change the letters of names.
import { textOf } from '../values.ts'
import { define, type Parameter, TEXT } from './define.ts'

const text: Parameter = { name: 'text', takes: 'text', mapsLists: true }

export const LETTER_FUNCTIONS = [
  define({
    name: 'proper',
    parameters: [text],
    doc: 'The text in small letters, each word beginning with a capital: after a blank, a hyphen, or an apostrophe in the middle.',
    example: 'proper("BO O\'NEIL-SMITH") → "Bo O\'Neil-Smith"',
    gives: TEXT,
    run: ([text]) => textOf(text)?.toLowerCase().replace(WORD_START, toUpper),
  }),
  define({
    name: 'plain',
    parameters: [text],
    doc: 'The text with plain letters a to z for those with accents, and for others that Latin alphabets add; what has none is kept.',
    example: 'plain("Åse Çelik Łuk ß") → "Ase Celik Luk ss"',
    gives: TEXT,
    run: ([text]) => {
      const whole = textOf(text)
      if (whole === undefined || !BEYOND_ASCII.test(whole)) return whole
      const plain = whole.normalize('NFD').replace(NO_ACCENT, (letter) => LETTERS[letter] ?? letter)
      return textOf(plain.replace(ACCENTED, '$1').normalize('NFC'))
    },
  }),
]

/** An apostrophe begins a word only when two letters follow: O'Neil, but Ada's. */
const WORD_START = /(?<![\p{L}\p{N}\p{M}'’])\p{L}|(?<=['’])\p{L}(?=\p{L})/gu

const toUpper = (letter: string) => letter.toUpperCase()

/** Letters that Unicode does not take apart into a letter of a to z and a mark. */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  ŧ: 't',
  Ŧ: 'T',
  ŋ: 'n',
  Ŋ: 'N',
  ĸ: 'k',
  ſ: 's',
  ƒ: 'f',
  ə: 'e',
  Ə: 'E',
}

const NO_ACCENT = new RegExp(`[${Object.keys(LETTERS).join('')}]`, 'gu')
const ACCENTED = /([A-Za-z])\p{M}+/gu
const BEYOND_ASCII = /[^\p{ASCII}]/u

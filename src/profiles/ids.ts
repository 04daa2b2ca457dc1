// The ids of profiles, and how the id of a consumer tells whose it is.
import { cryptoRandom, type RandomBytes } from '../auth/secrets.ts'
import { DEFAULT_PROFILE } from './ports.ts'

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567'
const LENGTH = 16
const SHAPE = /^p[a-z2-7]{16}$/
const SHAPE_LENGTH = 1 + LENGTH

/** 80 random bits: nobody guesses one, none is given twice, and it is a file's name everywhere. */
export function createProfileId(random: RandomBytes = cryptoRandom): string {
  return `p${[...random(LENGTH)].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`
}

/** Whether a profile could have this id. */
export function isProfileId(text: string): boolean {
  return text === DEFAULT_PROFILE || SHAPE.test(text)
}

/** The profile of a consumer. Ids made in a profile begin with its own and a dot; all others are the environment's. */
export function profileOf(consumerId: string): string {
  if (consumerId.charCodeAt(SHAPE_LENGTH) !== DOT) return DEFAULT_PROFILE
  const id = consumerId.slice(0, SHAPE_LENGTH)
  return SHAPE.test(id) ? id : DEFAULT_PROFILE
}

const DOT = 46

/**
 * Texts made by a seed, so that golden numbers about them can be kept without keeping them: strings
 * that try what tokenizers get wrong, and a corpus to train one on. Characters assigned after
 * Unicode 13 are left out, for libraries differ in the version of their tables.
 */

/** A generator of numbers in [0, 1): mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

const WORDS =
  `the a of and to in is was it that this with for as but his her they film movie story plot actor
   scene good bad great awful wonderful boring I you we he she him what which who when where there
   Hello World don't can't I'm you've SHE'LL we'd naïve café Zürich coöperate résumé über straße
   antidisestablishmentarianism floccinaucinihilipilification xkcd lorem ipsum 3rd 42nd v2 e.g. i.e.
   function return const => === !== ++i x**2 a_b snake_case camelCase kebab-case http://example.org
   user@example.org C:\\\\temp /usr/bin #tag $9.99 50% (aside) [note] {brace} "quoted" 'single'`
    .split(/\s+/)
    .filter((word) => word !== "");

/** Alphabets of which a run of characters is drawn. */
const ALPHABETS: readonly (readonly string[])[] = [
  [..."abcdefghijklmnopqrstuvwxyz"],
  [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"],
  [..."0123456789"],
  [..."٠١٢٣०१२३½¼²³①②Ⅳ௧"],
  [...".,;:!?'\"()[]{}<>|/\\-_=+*&^%$#@~`"],
  [..."«»„“”‘’–—…·¿¡§¶†‡•€£¥©®™°±×÷"],
  [..." "],
  [..." \t\n\r"],
  ["\r\n", "\n", "\n\n", " \n", "\t"],
  ["\u00a0", "\u2003", "\u3000", "\u2028", "\u0085", "\ufeff", "\u200b", "\u00ad", "\u1680"],
  ["\0", "\u0001", "\u001b", "\u007f", "\u009f", "\ufffd", "\ue000"],
  [..."éèêëñçåøæœßþðłńž"],
  [
    "e\u0301",
    "e\u0323",
    "n\u0303",
    "o\u0308",
    "a\u030a\u0323",
    "\u1e9b\u0323",
    "\u212b",
    "\ufb01",
    "ﾊﾟ",
  ],
  [..."αβγδεζηθικλμνξοπρσςτυφχψω"],
  [..."абвгдеёжзийклмнопрстуфхцчшщъыьэюя"],
  [..."אבגדהוזחטיכלמנסעפצקרשת"],
  [..."ابتثجحخدذرزسشصضطظعغفقكلمنهوي"],
  [..."अआइईउऊकखगघचछजझटठडढणतथदधनपफबभमयरलवशषसह", "\u093f", "\u094d"],
  [..."กขคงจฉชซญดตถทธนบปผฝพฟภมยรลวศษสหอฮ", "\u0e31", "\u0e49"],
  [..."កខគឃងចឆជឈញដឋឌឍណតថទធនបផពភមយរលវសហឡអ"],
  [..."的一是不了人我在有他这为之大来以个中上们"],
  [..."あいうえおかきくけこさしすせそアイウエオカキ"],
  [..."가각간갈감갑값강개객거건걸검"],
  [..."𝐀𝐁𝐂𝟎𝟏𝟐𝒜ℬ𐍈𒀀"],
  ["😀", "🚀", "❤️", "👨‍👩‍👧‍👦", "👍🏽", "🇩🇪", "🏳️‍🌈", "✅", "🦙", "\u{1f9d1}\u200d\u{1f4bb}"],
  ["'s", "'ll", "'RE", "n't", "'T", "'ve", "'D", "'\u017f", "'\u017fs", "’s", "'S'"],
  ["<|endoftext|>", "<|padding|>", "<s>", "</s>", "<unk>", "<|eot_id|>", "<|begin_of_text|>"],
  ["<l>", "<r>", "<b>", " <l> ", " <r> ", " <b> ", "xyzzy", "xyzzys", "xyzzy.", " xyzzy "],
  ["<pad>", "<eos>", "[INST]", "<0x0A>", "▁", "▁▁", "Ġ", "Ċ", "##ing", "<|endof", "text|>"],
];

/** Strings that try what tokenizers get wrong. */
export function fuzzStrings(count: number, seed: number): string[] {
  const random = randomOf(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
  const piece = (): string => {
    if (random() < 0.35) return (random() < 0.8 ? " " : "") + pick(WORDS);
    const alphabet = pick(ALPHABETS);
    const length = random() < 0.1 ? 1 + Math.floor(random() * 30) : 1 + Math.floor(random() * 5);
    return Array.from({ length }, () => pick(alphabet)).join("");
  };
  return Array.from({ length: count }, () => {
    const pieces = Math.floor(random() * 14);
    return Array.from({ length: pieces }, piece).join("");
  });
}

/** Sentences of which some words are much more frequent than others, and a few rare characters. */
export function trainingTexts(count: number, seed: number): string[] {
  const random = randomOf(seed);
  const rare = fuzzStrings(count, seed + 1);
  return Array.from({ length: count }, (_, i) => {
    const length = 5 + Math.floor(random() * 20);
    const words = Array.from(
      { length },
      () => WORDS[Math.floor(random() ** 2 * WORDS.length)] as string,
    );
    return `${words.join(" ")}. ${random() < 0.2 ? rare[i] : ""}`;
  });
}

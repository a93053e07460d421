/*
** A small extension to start from:
**
**     reverse(X)        the code points of text X, last one first
**     levenshtein(X,Y)  how many code points must be inserted, deleted or replaced to turn X into Y
**     crc32(X)          CRC-32 (IEEE 802.3) of the bytes of a blob or text, as an integer
**
** Each is NULL if an argument is NULL and an error for any other type.
*/
#include "turso_ext.h"

EXT_MANIFEST(
  "turso-coop extension 1\n"
  "scalar reverse 1 deterministic innocuous\n"
  "scalar levenshtein 2 deterministic innocuous\n"
  "scalar crc32 1 deterministic innocuous\n")

static int continues(uint8_t c) { return (c & 0xc0) == 0x80; }

EXT_FUNCTION(reverse) {
  if (argv[0].type == EXT_NULL) return;
  if (argv[0].type != EXT_TEXT) { ext_error(result, "the argument is not text"); return; }
  const uint8_t *in = argv[0].p;
  uint32_t size = argv[0].size;
  uint8_t *out = ext_scratch(size);
  if (!out) { ext_error(result, "out of memory"); return; }
  for (uint32_t end = size, at = 0; end > 0;) {
    uint32_t start = end - 1;
    while (start > 0 && end - start < 4 && continues(in[start])) start--;
    for (uint32_t i = start; i < end; i++) out[at++] = in[i];
    end = start;
  }
  ext_bytes(result, EXT_TEXT, out, size);
}

/* Writes the code points of v to out and returns their number; bytes that are not UTF-8 count as one each. */
static uint32_t decode(const ext_value *v, uint32_t *out) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < v->size;) {
    uint8_t c = v->p[i];
    uint32_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;
    uint32_t point = more ? c & (0x3f >> more) : c;
    uint32_t j = i + 1;
    while (more && j < v->size && continues(v->p[j])) {
      point = point << 6 | (v->p[j++] & 0x3f);
      more--;
    }
    if (more) { point = c; j = i + 1; }
    out[n++] = point;
    i = j;
  }
  return n;
}

EXT_FUNCTION(levenshtein) {
  if (argv[0].type == EXT_NULL || argv[1].type == EXT_NULL) return;
  if (argv[0].type != EXT_TEXT || argv[1].type != EXT_TEXT) { ext_error(result, "an argument is not text"); return; }
  uint64_t need = ((uint64_t)argv[0].size + 2 * (uint64_t)argv[1].size + 1) * sizeof(uint32_t);
  uint32_t *a = need > UINT32_MAX ? 0 : ext_scratch(need);
  if (!a) { ext_error(result, "out of memory"); return; }
  uint32_t *b = a + argv[0].size, *row = b + argv[1].size;
  uint32_t na = decode(&argv[0], a), nb = decode(&argv[1], b);

  /* row[j] is the distance between the first i points of a and the first j of b. */
  for (uint32_t j = 0; j <= nb; j++) row[j] = j;
  for (uint32_t i = 0; i < na; i++) {
    uint32_t diagonal = row[0];
    row[0] = i + 1;
    for (uint32_t j = 0; j < nb; j++) {
      uint32_t best = diagonal + (a[i] != b[j]);
      if (row[j] + 1 < best) best = row[j] + 1;
      diagonal = row[j + 1];
      if (diagonal + 1 < best) best = diagonal + 1;
      row[j + 1] = best;
    }
  }
  ext_integer(result, row[nb]);
}

EXT_FUNCTION(crc32) {
  if (argv[0].type == EXT_NULL) return;
  if (argv[0].type != EXT_BLOB && argv[0].type != EXT_TEXT) { ext_error(result, "the argument is not a blob"); return; }
  static uint32_t table[256];
  if (table[1] == 0) {
    for (uint32_t i = 0; i < 256; i++) {
      uint32_t c = i;
      for (int bit = 0; bit < 8; bit++) c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
      table[i] = c;
    }
  }
  uint32_t crc = 0xffffffff;
  for (uint32_t i = 0; i < argv[0].size; i++) crc = crc >> 8 ^ table[(crc ^ argv[0].p[i]) & 0xff];
  ext_integer(result, crc ^ 0xffffffff);
}

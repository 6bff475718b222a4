// sharp's usual size search: resize once, then bisect the quality on raw pixels.
import sharp from "sharp";

const [source, limit, side, mozjpeg] = process.argv.slice(2).map((word, index) => (index ? JSON.parse(word) : word));
sharp.concurrency(1);
const box = { width: side, height: side, fit: "inside", withoutEnlargement: true };
const { data, info } = await sharp(source).rotate().toColourspace("srgb").resize(box).removeAlpha().raw()
  .toBuffer({ resolveWithObject: true });
const raw = { width: info.width, height: info.height, channels: info.channels };
const encode = (quality) => sharp(data, { raw }).jpeg({ quality, mozjpeg }).toBuffer();
let low = 1, high = 100, best = null;
while (low <= high) {
  const middle = (low + high) >> 1;
  const out = await encode(middle);
  if (out.length < limit) { best = out; low = middle + 1; } else { high = middle - 1; }
}
process.stdout.write(best ?? (await encode(1)));

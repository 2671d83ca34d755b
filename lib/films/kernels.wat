;; The slowest loops over pixels, in WebAssembly with SIMD. transforms.ts calls them through
;; kernels.ts. `deno task wasm` assembles this text into kernels.wasm; a test compares the two.
;;
;; Pixels are bytes. Loops handle 16 pixels at once, or 8 x 8. They read and write beyond the end of
;; an array, by up to 48 bytes or 8 rows; the caller leaves room.
(module
  (memory (export "memory") 1)

  ;; Copies the first channel of `rgb`, `[count,3]`, to `grey`, `[count]`. Returns 1 if the three
  ;; channels are equal in every pixel, else 0. Zeros must follow the last pixel, up to a multiple
  ;; of 16 pixels.
  (func (export "greyOf") (param $rgb i32) (param $count i32) (param $grey i32) (result i32)
    (local $end i32) (local $a v128) (local $b v128) (local $c v128)
    (local $red v128) (local $green v128) (local $blue v128) (local $different v128)
    (local.set $end (i32.add (local.get $grey) (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $grey) (local.get $end)))
        (local.set $a (v128.load (local.get $rgb)))
        (local.set $b (v128.load offset=16 (local.get $rgb)))
        (local.set $c (v128.load offset=32 (local.get $rgb)))
        ;; Every third of 48 bytes, from the first, second and third on.
        (local.set $red
          (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 17 20 23 26 29
            (i8x16.shuffle 0 3 6 9 12 15 18 21 24 27 30 0 0 0 0 0 (local.get $a) (local.get $b))
            (local.get $c)))
        (local.set $green
          (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 18 21 24 27 30
            (i8x16.shuffle 1 4 7 10 13 16 19 22 25 28 31 0 0 0 0 0 (local.get $a) (local.get $b))
            (local.get $c)))
        (local.set $blue
          (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 16 19 22 25 28 31
            (i8x16.shuffle 2 5 8 11 14 17 20 23 26 29 0 0 0 0 0 0 (local.get $a) (local.get $b))
            (local.get $c)))
        (local.set $different
          (v128.or (local.get $different)
            (v128.or
              (v128.xor (local.get $red) (local.get $green))
              (v128.xor (local.get $red) (local.get $blue)))))
        (v128.store (local.get $grey) (local.get $red))
        (local.set $rgb (i32.add (local.get $rgb) (i32.const 48)))
        (local.set $grey (i32.add (local.get $grey) (i32.const 16)))
        (br $next)))
    (i32.eqz (v128.any_true (local.get $different))))

  ;; Copies grey pixels, `[count]`, to the three channels of `rgb`, `[count,3]`.
  (func (export "rgbOf") (param $grey i32) (param $count i32) (param $rgb i32)
    (local $end i32) (local $pixels v128)
    (local.set $end (i32.add (local.get $grey) (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $grey) (local.get $end)))
        (local.set $pixels (v128.load (local.get $grey)))
        (v128.store (local.get $rgb)
          (i8x16.shuffle 0 0 0 1 1 1 2 2 2 3 3 3 4 4 4 5
            (local.get $pixels) (local.get $pixels)))
        (v128.store offset=16 (local.get $rgb)
          (i8x16.shuffle 5 5 6 6 6 7 7 7 8 8 8 9 9 9 10 10
            (local.get $pixels) (local.get $pixels)))
        (v128.store offset=32 (local.get $rgb)
          (i8x16.shuffle 10 11 11 11 12 12 12 13 13 13 14 14 14 15 15 15
            (local.get $pixels) (local.get $pixels)))
        (local.set $grey (i32.add (local.get $grey) (i32.const 16)))
        (local.set $rgb (i32.add (local.get $rgb) (i32.const 48)))
        (br $next))))

  ;; Sums pixels. Zeros must follow the last one, up to a multiple of 16 pixels.
  (func (export "sum") (param $pixels i32) (param $count i32) (result f64)
    (local $end i32) (local $four v128) (local $sum v128)
    (local.set $end (i32.add (local.get $pixels) (local.get $count)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $pixels) (local.get $end)))
        (local.set $four
          (i32x4.extadd_pairwise_i16x8_u
            (i16x8.extadd_pairwise_i8x16_u (v128.load (local.get $pixels)))))
        (local.set $sum
          (i64x2.add (local.get $sum)
            (i64x2.add
              (i64x2.extend_low_i32x4_u (local.get $four))
              (i64x2.extend_high_i32x4_u (local.get $four)))))
        (local.set $pixels (i32.add (local.get $pixels) (i32.const 16)))
        (br $next)))
    (f64.convert_i64_u
      (i64.add
        (i64x2.extract_lane 0 (local.get $sum))
        (i64x2.extract_lane 1 (local.get $sum)))))

  ;; Computes `from + factor * (pixel - from)` for four pixels of 32 bits each, clipped to 0 to 255
  ;; and rounded down.
  (func $blendFour (param $four v128) (param $from v128) (param $factor v128) (result v128)
    (i32x4.trunc_sat_f32x4_s
      (f32x4.min
        (f32x4.max
          (f32x4.add
            (local.get $from)
            (f32x4.mul
              (local.get $factor)
              (f32x4.sub (f32x4.convert_i32x4_s (local.get $four)) (local.get $from))))
          (v128.const f32x4 0 0 0 0))
        (v128.const f32x4 255 255 255 255))))

  ;; Blends pixels in place, as $blendFour does.
  (func (export "blend") (param $pixels i32) (param $count i32) (param $from f32) (param $factor f32)
    (local $end i32) (local $low v128) (local $high v128) (local $froms v128) (local $factors v128)
    (local.set $end (i32.add (local.get $pixels) (local.get $count)))
    (local.set $froms (f32x4.splat (local.get $from)))
    (local.set $factors (f32x4.splat (local.get $factor)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $pixels) (local.get $end)))
        (local.set $low (v128.load8x8_u (local.get $pixels)))
        (local.set $high (v128.load8x8_u offset=8 (local.get $pixels)))
        (v128.store (local.get $pixels)
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_u
              (call $blendFour (i32x4.extend_low_i16x8_u (local.get $low))
                (local.get $froms) (local.get $factors))
              (call $blendFour (i32x4.extend_high_i16x8_u (local.get $low))
                (local.get $froms) (local.get $factors)))
            (i16x8.narrow_i32x4_u
              (call $blendFour (i32x4.extend_low_i16x8_u (local.get $high))
                (local.get $froms) (local.get $factors))
              (call $blendFour (i32x4.extend_high_i16x8_u (local.get $high))
                (local.get $froms) (local.get $factors)))))
        (local.set $pixels (i32.add (local.get $pixels) (i32.const 16)))
        (br $next))))

  ;; Transposes `[height,width]` to `[width,height]`, in blocks of 8 x 8 pixels. A block may write
  ;; beyond an output row's end. The next row overwrites that, so blocks go from last to first.
  (func $transpose
    (param $pixels i32) (param $height i32) (param $width i32) (param $out i32)
    (local $x i32) (local $y i32) (local $from i32) (local $to i32)
    (local $r0 v128) (local $r1 v128) (local $r2 v128) (local $r3 v128)
    (local $r4 v128) (local $r5 v128) (local $r6 v128) (local $r7 v128)
    (loop $column
      (local.set $y (i32.and (i32.sub (local.get $height) (i32.const 1)) (i32.const -8)))
      (loop $block
        (local.set $from
          (i32.add (i32.add (local.get $pixels) (local.get $x))
            (i32.mul (local.get $y) (local.get $width))))
        (local.set $to
          (i32.add (i32.add (local.get $out) (local.get $y))
            (i32.mul (local.get $x) (local.get $height))))
        (local.set $r0 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r1 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r2 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r3 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r4 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r5 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r6 (v128.load64_zero (local.get $from)))
        (local.set $from (i32.add (local.get $from) (local.get $width)))
        (local.set $r7 (v128.load64_zero (local.get $from)))
        ;; Interleaves the bytes of two rows, then of four, then of all eight.
        (local.set $r0
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $r0) (local.get $r1)))
        (local.set $r2
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $r2) (local.get $r3)))
        (local.set $r4
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $r4) (local.get $r5)))
        (local.set $r6
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $r6) (local.get $r7)))
        (local.set $r1
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $r0) (local.get $r2)))
        (local.set $r0
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $r0) (local.get $r2)))
        (local.set $r5
          (i8x16.shuffle 8 9 24 25 10 11 26 27 12 13 28 29 14 15 30 31 (local.get $r4) (local.get $r6)))
        (local.set $r4
          (i8x16.shuffle 0 1 16 17 2 3 18 19 4 5 20 21 6 7 22 23 (local.get $r4) (local.get $r6)))
        (local.set $r3
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $r1) (local.get $r5)))
        (local.set $r2
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $r1) (local.get $r5)))
        (local.set $r1
          (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $r0) (local.get $r4)))
        (local.set $r0
          (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $r0) (local.get $r4)))
        (v128.store64_lane 0 (local.get $to) (local.get $r0))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 1 (local.get $to) (local.get $r0))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 0 (local.get $to) (local.get $r1))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 1 (local.get $to) (local.get $r1))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 0 (local.get $to) (local.get $r2))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 1 (local.get $to) (local.get $r2))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 0 (local.get $to) (local.get $r3))
        (local.set $to (i32.add (local.get $to) (local.get $height)))
        (v128.store64_lane 1 (local.get $to) (local.get $r3))
        (local.set $y (i32.sub (local.get $y) (i32.const 8)))
        (br_if $block (i32.ge_s (local.get $y) (i32.const 0))))
      (local.set $x (i32.add (local.get $x) (i32.const 8)))
      (br_if $column (i32.lt_u (local.get $x) (local.get $width)))))

  ;; Filters along columns: `[height,width]` to `[outputs,width]`. An output is the rounded sum of
  ;; `taps` pixels from `first[output]` on, times `weights[output * taps + k] / 2^22`.
  (func $filterColumns (export "filterColumns")
    (param $pixels i32) (param $width i32)
    (param $first i32) (param $weights i32) (param $taps i32) (param $outputs i32) (param $out i32)
    (local $firstEnd i32) (local $x i32) (local $pixel i32) (local $weight i32) (local $weightEnd i32)
    (local $splat v128) (local $low v128) (local $high v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $firstEnd
      (i32.add (local.get $first) (i32.shl (local.get $outputs) (i32.const 2))))
    (loop $output
      (local.set $weightEnd
        (i32.add (local.get $weights) (i32.shl (local.get $taps) (i32.const 2))))
      (local.set $x (i32.const 0))
      (loop $sixteen
        (local.set $a (i32x4.splat (i32.const 0x200000)))
        (local.set $b (local.get $a))
        (local.set $c (local.get $a))
        (local.set $d (local.get $a))
        (local.set $pixel
          (i32.add
            (i32.add (local.get $pixels) (local.get $x))
            (i32.mul (i32.load (local.get $first)) (local.get $width))))
        (local.set $weight (local.get $weights))
        (loop $tap
          (local.set $splat (v128.load32_splat (local.get $weight)))
          (local.set $low (v128.load8x8_u (local.get $pixel)))
          (local.set $high (v128.load8x8_u offset=8 (local.get $pixel)))
          (local.set $a
            (i32x4.add (local.get $a)
              (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $low)) (local.get $splat))))
          (local.set $b
            (i32x4.add (local.get $b)
              (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $low)) (local.get $splat))))
          (local.set $c
            (i32x4.add (local.get $c)
              (i32x4.mul (i32x4.extend_low_i16x8_u (local.get $high)) (local.get $splat))))
          (local.set $d
            (i32x4.add (local.get $d)
              (i32x4.mul (i32x4.extend_high_i16x8_u (local.get $high)) (local.get $splat))))
          (local.set $pixel (i32.add (local.get $pixel) (local.get $width)))
          (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
          (br_if $tap (i32.lt_u (local.get $weight) (local.get $weightEnd))))
        ;; The next row overwrites bytes that are written beyond a row's end.
        (v128.store (i32.add (local.get $out) (local.get $x))
          (i8x16.narrow_i16x8_u
            (i16x8.narrow_i32x4_u
              (i32x4.shr_s (local.get $a) (i32.const 22))
              (i32x4.shr_s (local.get $b) (i32.const 22)))
            (i16x8.narrow_i32x4_u
              (i32x4.shr_s (local.get $c) (i32.const 22))
              (i32x4.shr_s (local.get $d) (i32.const 22)))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (br_if $sixteen (i32.lt_u (local.get $x) (local.get $width))))
      (local.set $out (i32.add (local.get $out) (local.get $width)))
      (local.set $weights (local.get $weightEnd))
      (local.set $first (i32.add (local.get $first) (i32.const 4)))
      (br_if $output (i32.lt_u (local.get $first) (local.get $firstEnd)))))

  ;; Filters along rows, `[height,width]` to `[height,outputs]`: transposes them, filters along
  ;; columns, and transposes back. `turned` and `filtered` are room for the steps between.
  (func (export "filterRows")
    (param $pixels i32) (param $height i32) (param $width i32)
    (param $first i32) (param $weights i32) (param $taps i32) (param $outputs i32)
    (param $turned i32) (param $filtered i32) (param $out i32)
    (call $transpose
      (local.get $pixels) (local.get $height) (local.get $width) (local.get $turned))
    (call $filterColumns
      (local.get $turned) (local.get $height)
      (local.get $first) (local.get $weights) (local.get $taps) (local.get $outputs)
      (local.get $filtered))
    (call $transpose
      (local.get $filtered) (local.get $outputs) (local.get $height) (local.get $out)))
)

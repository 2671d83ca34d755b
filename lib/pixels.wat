;; The loops over pixels that take the most time, in WebAssembly with SIMD: transforms.ts calls them, and says what
;; they compute. `deno task wasm` assembles this text into pixels.wasm; a test compares the two.
;;
;; Pixels are bytes. Loops take 16 (or 8) pixels at once and read and write up to 48 bytes more than there are: the
;; caller leaves room.
(module
  (memory (export "memory") 1)

  ;; Copies the first channel of pixels in three channels, `[count,3]`, to `grey`, `[count]`. Gives 1 if the three are
  ;; equal in every pixel, 0 if not. Behind the last pixel there must be zeros, to make the number a multiple of 16.
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
        ;; Of 48 bytes every third, from the first, second and third on.
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

  ;; The sum of pixels. Behind the last one there must be zeros, to make the number a multiple of 16.
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

  ;; Changes four pixels, 32 bits each, to `from + factor * (pixel - from)`, cut off at 0 and 255 and rounded down.
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

  ;; Changes pixels so, where they are.
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

  ;; Filters along rows: `[height,width]` to `[height,outputs]`. An output is the sum of `taps` pixels from `first[output]`
  ;; on, times their weights with 22 binary places, rounded. `taps` is a multiple of 8. The weights come in 16 bits, as
  ;; which they are multiplied fastest: for each 8 taps the upper halves (`weight >> 11`), then the lower 11 bits.
  (func (export "filterRows")
    (param $pixels i32) (param $height i32) (param $width i32)
    (param $first i32) (param $halves i32) (param $taps i32) (param $outputs i32) (param $out i32)
    (local $end i32) (local $rowEnd i32) (local $place i32) (local $half i32) (local $halfEnd i32)
    (local $pixel i32) (local $eight v128) (local $upper v128) (local $lower v128)
    (local.set $end
      (i32.add (local.get $out) (i32.mul (local.get $height) (local.get $outputs))))
    (block $done
      (loop $row
        (br_if $done (i32.ge_u (local.get $out) (local.get $end)))
        (local.set $rowEnd (i32.add (local.get $out) (local.get $outputs)))
        (local.set $place (local.get $first))
        (local.set $half (local.get $halves))
        (loop $output
          (local.set $pixel (i32.add (local.get $pixels) (i32.load (local.get $place))))
          (local.set $halfEnd
            (i32.add (local.get $half) (i32.shl (local.get $taps) (i32.const 2))))
          (local.set $upper (v128.const i32x4 0 0 0 0))
          (local.set $lower (v128.const i32x4 0x200000 0 0 0)) ;; half of what is shifted out: it rounds
          (loop $tap
            (local.set $eight (v128.load8x8_u (local.get $pixel)))
            (local.set $upper
              (i32x4.add (local.get $upper)
                (i32x4.dot_i16x8_s (local.get $eight) (v128.load (local.get $half)))))
            (local.set $lower
              (i32x4.add (local.get $lower)
                (i32x4.dot_i16x8_s (local.get $eight) (v128.load offset=16 (local.get $half)))))
            (local.set $pixel (i32.add (local.get $pixel) (i32.const 8)))
            (local.set $half (i32.add (local.get $half) (i32.const 32)))
            (br_if $tap (i32.lt_u (local.get $half) (local.get $halfEnd))))
          (local.set $lower
            (i32x4.add (local.get $lower) (i32x4.shl (local.get $upper) (i32.const 11))))
          ;; The four partial sums.
          (local.set $lower
            (i32x4.add (local.get $lower)
              (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7
                (local.get $lower) (local.get $lower))))
          (i32.store8 (local.get $out)
            (i32.shr_s
              (i32.add
                (i32x4.extract_lane 0 (local.get $lower))
                (i32x4.extract_lane 1 (local.get $lower)))
              (i32.const 22)))
          (local.set $place (i32.add (local.get $place) (i32.const 4)))
          (local.set $out (i32.add (local.get $out) (i32.const 1)))
          (br_if $output (i32.lt_u (local.get $out) (local.get $rowEnd))))
        (local.set $pixels (i32.add (local.get $pixels) (local.get $width)))
        (br $row))))

  ;; Filters along columns: `[height,width]` to `[outputs,width]`, otherwise as `filterRows`, with the weights
  ;; themselves, `weights[output * taps + k]`. Of the taps only the first `used` ones are: the others have the weight 0.
  (func (export "filterColumns")
    (param $pixels i32) (param $width i32) (param $used i32)
    (param $first i32) (param $weights i32) (param $taps i32) (param $outputs i32) (param $out i32)
    (local $firstEnd i32) (local $x i32) (local $pixel i32) (local $weight i32) (local $weightEnd i32)
    (local $splat v128) (local $low v128) (local $high v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local.set $firstEnd
      (i32.add (local.get $first) (i32.shl (local.get $outputs) (i32.const 2))))
    (loop $output
      (local.set $weightEnd
        (i32.add (local.get $weights) (i32.shl (local.get $used) (i32.const 2))))
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
        ;; What is written behind a row's end, the next row overwrites.
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
      (local.set $weights
        (i32.add (local.get $weights) (i32.shl (local.get $taps) (i32.const 2))))
      (local.set $first (i32.add (local.get $first) (i32.const 4)))
      (br_if $output (i32.lt_u (local.get $first) (local.get $firstEnd))))))

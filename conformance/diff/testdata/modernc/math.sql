-- Functions that are built in by an option. The last digits are the mathematics library's.
SELECT round(sqrt(2), 12), pow(2, 10), power(2, -1), round(pi(), 12), round(ln(10), 12), log(100), log(2, 8), log10(1000), log2(8), round(exp(1), 12);
SELECT floor(-1.5), ceil(1.2), ceiling(-1.2), trunc(-1.7), mod(7.5, 2), mod(7, 0), sign(-2);
SELECT round(sin(1), 12), round(cos(1), 12), round(tan(1), 12), round(asin(1), 12), round(acos(1), 12), round(atan(1), 12), round(atan2(1, 2), 12), round(sinh(1), 12), round(cosh(1), 12), round(tanh(1), 12), round(asinh(1), 12), round(acosh(2), 12), round(atanh(0.5), 12);
SELECT degrees(pi()), round(radians(180), 12), sqrt(-1), ln(0), log(-1), acos(2), pow('x', 2), floor('7.9'), ceil(NULL), exp(1000);
SELECT typeof(floor(5)), typeof(floor(5.0)), typeof(pow(2, 2)), sqrt();
SELECT soundex('Robert'), soundex('Rupert'), soundex('Ashcraft'), soundex(''), soundex(NULL);

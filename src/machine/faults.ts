/** Why an access was refused, in words, by the code that the kernel's `fault` call answers. 0 is success. */
export const faultReasons = ['', 'not mapped', 'protected', 'out of memory', 'bad address'];

// A rule of the layout that a file's bytes break.
package dolphin.region.layout;

/**
 * What is wrong with the bytes of a file.
 *
 * @param reason the rule that does not hold
 * @param expected what should be there
 * @param found what is there
 */
public record Refusal(Reason reason, String expected, String found) {

    /** Carries a refusal out of the check of a file's bytes, which knows no path. */
    public static final class Thrown extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient Refusal refusal;

        Thrown(final Reason reason, final String expected, final String found) {
            super(reason.code());
            refusal = new Refusal(reason, expected, found);
        }

        public Refusal refusal() {
            return refusal;
        }
    }
}

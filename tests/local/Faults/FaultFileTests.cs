using DaprShop.Local.Configuration;
using DaprShop.Local.Faults;

namespace DaprShop.Local.Tests.Faults;

public sealed class FaultFileTests
{
    [Fact]
    public void A_file_says_what_goes_wrong_where_and_when()
    {
        var file = FaultFile.Parse(
            """
            seed: 7
            faults:
              - { app: payment, on: invoke, match: "POST /internal/payments/*/capture", when: after, do: kill, skip: 2, target: ordering }
              - { app: "*", on: deliver, do: repeat, copies: 3, chance: 0.25, for: 1.5s, from: 10s, until: 1m }
            """, "faults.yaml");

        Assert.Equal(7, file.Seed);
        Assert.Equal(
            new Fault("payment", FaultPoint.Invoke, "POST /internal/payments/*/capture", FaultMoment.After, FaultKind.Kill)
            {
                Skip = 2,
                Times = 1,
                Target = "ordering",
            }.ToString(),
            file.Faults[0].ToString());
        Assert.Equal(
            new Fault("*", FaultPoint.Deliver, "*", FaultMoment.Before, FaultKind.Repeat)
            {
                Copies = 3,
                Chance = 0.25,
                For = TimeSpan.FromSeconds(1.5),
                From = TimeSpan.FromSeconds(10),
                Until = TimeSpan.FromMinutes(1),
            }.ToString(),
            file.Faults[1].ToString());
    }

    [Fact]
    public void Json_will_do_as_well() => Assert.Equal(
        FaultKind.Cut, FaultFile.Parse("""{"faults":[{"app":"payment","on":"write","do":"cut"}]}""", "body").Faults[0].Do);

    [Fact]
    public void An_empty_file_has_no_faults() => Assert.Empty(FaultFile.Parse("", "faults.yaml").Faults);

    [Theory]
    [InlineData("faults: [{ on: write, do: cut }]", "'app' is required")]
    [InlineData("faults: [{ app: a, on: write, do: explode }]", "'do' must be one of fail, cut, delay, mute, kill, repeat, shuffle")]
    [InlineData("faults: [{ app: a, on: write, do: cut, mach: x }]", "unknown key 'mach'; did you mean 'match'?")]
    [InlineData("faults: [{ app: a, on: write, do: delay }]", "a delay needs 'for'")]
    [InlineData("faults: [{ app: a, on: write, do: delay, for: soon }]", "'for' must be a duration")]
    [InlineData("faults: [{ app: a, on: write, do: cut, chance: 2 }]", "'chance' must be 0 to 1")]
    [InlineData("faults: [{ app: a, on: write, do: repeat }]", "only calls to an app can be repeated")]
    [InlineData("faults: [{ app: a, on: invoke, do: shuffle }]", "only deliveries can be shuffled")]
    [InlineData("faults: [{ app: a, on: write, do: fail, when: after }]", "use cut")]
    public void A_mistake_names_the_line(string text, string message)
    {
        var error = Assert.Throws<ConfigurationError>(() => FaultFile.Parse(text, "faults.yaml"));
        Assert.StartsWith("faults.yaml:1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}

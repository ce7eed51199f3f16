using CsCheck;

namespace DaprShop.Conformance.Tests;

/// <summary>Requests that nobody thought of, and how to have the same once more.</summary>
internal static class Fuzz
{
    private const string Variable = "FUZZ_SEED";

    public static Gen<T> Of<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    /// <summary>So many of them, and the seed that makes them.</summary>
    public static (T[] Requests, string Seed) Some<T>(Gen<T> request, int count)
    {
        var seed = Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given : PCG.ThreadPCG.ToString();
        TestContext.Current.TestOutputHelper?.WriteLine($"{Variable}={seed}");
        return (request.Array[count].Generate(PCG.Parse(seed), null, out _), seed);
    }

    public static string Failure(string seed, IEnumerable<string> oddities) =>
        $"{Variable}={seed} makes them again:\n{string.Join('\n', oddities.Distinct().Take(10))}";
}

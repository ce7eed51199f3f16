using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>The stock JavaScript SDK, client and server, HTTP and gRPC: the cases are in tests/conformance-js.</summary>
public sealed class JavaScriptSdkTests(JavaScriptSuite suite) : IClassFixture<JavaScriptSuite>
{
    private const string Missing = "Node.js is not installed.";

    public static TheoryData<string> Cases => [.. JavaScriptSuite.Cases];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Case(string name)
    {
        Assert.SkipWhen(JavaScriptSuite.IsMissing, Missing);
        Assert.True(suite.Results.TryGetValue(name, out var result), $"It did not run.\n{suite.Output}");
        Assert.SkipWhen(result!.SkipReason is not null, result.SkipReason ?? "");
        Assert.True(result.Passed, result.Diagnostics);
    }

    [Fact]
    public void Every_case_that_ran_is_named()
    {
        Assert.SkipWhen(JavaScriptSuite.IsMissing, Missing);
        Assert.True(JavaScriptSuite.Cases.Count >= 40, "There are too few.");
        Assert.Equal(JavaScriptSuite.Cases, suite.Results.Keys.Order(StringComparer.Ordinal));
    }
}

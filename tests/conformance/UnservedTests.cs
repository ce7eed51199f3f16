using DaprShop.Conformance.Tests.Sidecars;

namespace DaprShop.Conformance.Tests;

/// <summary>What Dapr has and the local runtime has not: refused by name.</summary>
public sealed class UnservedTests(TestWorld world)
{
    public static TheoryData<string, string> Features => new()
    {
        { "workflow", "/v1.0/workflows/dapr/x" },
        { "workflow", "/v1.0-beta1/workflows/dapr/x/start" },
        { "jobs", "/v1.0-alpha1/jobs/x" },
        { "cryptography", "/v1.0-alpha1/crypto/x/encrypt" },
        { "conversation", "/v1.0-alpha1/conversation/x/converse" },
        { "conversation", "/v1.0-alpha2/conversation/x/converse" },
    };

    [Theory]
    [MemberData(nameof(Features))]
    public async Task It_says_so(string feature, string target)
    {
        world.NotOnDaprd("daprd has it");
        var answer = await world.CallAsync("caller", "POST", target, "{}");
        Assert.Equal((501, "ERR_API_UNIMPLEMENTED"), (answer.Status, answer.ErrorCode));
        Assert.StartsWith(feature, answer.Message, StringComparison.Ordinal);
    }
}

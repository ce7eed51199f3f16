using DaprShop.Testing;

namespace DaprShop.Contracts.Tests;

/// <summary>
/// contracts/openapi holds each service's API as the service itself describes it. When an API has changed on purpose, run these tests
/// with <c>UPDATE_CONTRACTS=1</c> and review the difference.
/// </summary>
public class OpenApiTests
{
    public static TheoryData<string> AllServices => [.. Services.Names];

    [Theory, MemberData(nameof(AllServices))]
    public async Task The_contract_is_what_the_service_serves(string service)
    {
        await using var app = Services.Create(service, "--OpenApi=true");
        await app.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) };
        var served = (await http.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n") + "\n";

        var file = Path.Combine(Repository.Root, "contracts", "openapi", service + ".json");
        if (Environment.GetEnvironmentVariable("UPDATE_CONTRACTS") == "1") await File.WriteAllTextAsync(file, served);
        Assert.Equal(await File.ReadAllTextAsync(file), served);
    }
}

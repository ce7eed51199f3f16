using DaprShop.Local.Configuration;

namespace DaprShop.Local.Resiliency;

internal static class ResiliencyBlock
{
    public static void AddResiliency(this IServiceCollection services) => services.AddSingleton(provider => new ResiliencyPolicies(
        ResiliencySpec.Load(provider.GetRequiredService<Resources>().Folders), provider.GetRequiredService<TimeProvider>()));
}

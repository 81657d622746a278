//! The contracts as Rust sees them: generated from the committed artifacts.

#![allow(
    missing_docs,
    reason = "generated from the contracts, documented there"
)]

/// `Migration.sol`.
pub mod migration {
    alloy_sol_types::sol!(
        #[derive(Debug, PartialEq, Eq)]
        Migration,
        "../../contracts/artifacts/Migration.json"
    );
}

/// `PausableGuard.sol`.
pub mod guard {
    alloy_sol_types::sol!(
        PausableGuard,
        "../../contracts/artifacts/PausableGuard.json"
    );
}

/// `ReadThroughERC20.sol`.
pub mod read_through {
    alloy_sol_types::sol!(
        ReadThroughERC20,
        "../../contracts/artifacts/ReadThroughERC20.json"
    );
}

/// `StagedERC20.sol`.
pub mod staged {
    alloy_sol_types::sol!(StagedERC20, "../../contracts/artifacts/StagedERC20.json");
}

/// `Lens.sol`: one view of many accounts in one creation call.
pub mod lens {
    alloy_sol_types::sol!(Lens, "../../contracts/artifacts/Lens.json");
}

/// `Probe.sol`: what a transfer really does.
pub mod probe {
    alloy_sol_types::sol!(Probe, "../../contracts/artifacts/Probe.json");
}

alloy_sol_types::sol! {
    /// What a legacy token answers.
    interface Legacy {
        event Transfer(address indexed from, address indexed to, uint256 amount);

        function name() external view returns (string);
        function symbol() external view returns (string);
        function decimals() external view returns (uint8);
        function totalSupply() external view returns (uint256);
        function balanceOf(address account) external view returns (uint256);
        function paused() external view returns (bool);
        function owner() external view returns (address);
        function pendingOwner() external view returns (address);
        function transferOwnership(address to) external;
        function hasRole(bytes32 role, address account) external view returns (bool);
        function getRoleAdmin(bytes32 role) external view returns (bytes32);
        function getRoleMemberCount(bytes32 role) external view returns (uint256);
        function getRoleMember(bytes32 role, uint256 index) external view returns (address);
        function isPauser(address account) external view returns (bool);
        function authority() external view returns (address);
        function maxFlashLoan(address token) external view returns (uint256);
        function grantRole(bytes32 role, address account) external;
        function renounceRole(bytes32 role, address account) external;
    }
}
